#include "rankmesh/mpi/place.hpp"

#include <concepts>
#include <utility>

#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/mpi/error_handler_guard.hpp"
#include "rankmesh/mpi/transport.hpp"

namespace rankmesh::mpi {
namespace {

/// Calls a function with a session on a communicator.
auto in_session(MPI_Comm communicator, const Options& options,
                std::invocable<AgreementSession&> auto function) {
  const ErrorHandlerGuard guard(communicator);
  MpiTransport transport(communicator, options.first_tag);
  AgreementSession session(transport, options.timeouts);
  try {
    return function(session);
  } catch (...) {
    if (!session.has_succeeded()) transport.mark_failed();
    throw;
  }
}

}  // namespace

Placed place(MPI_Comm communicator, const ParallelConfig& config, const PlaceOptions& options) {
  Options rest = options.bring_up;
  NewRanks ranks = in_session(communicator, options.bring_up, [&](AgreementSession& session) {
    NewRanks agreed = agree_on_placement(
        session, {.config = config, .weights = options.weights, .fields = options.bring_up.job_fields},
        host_of(options.bring_up));
    rest.timeouts.deadline = session.remaining();
    return agreed;
  });
  Communicator made = group(communicator, ranks.rank_before, rest);
  return {std::move(made), std::move(ranks)};
}

FoundHosts find_hosts(MPI_Comm communicator, const Options& options) {
  return in_session(communicator, options, [&](AgreementSession& session) {
    return agree_on_hosts(session, host_of(options), options.job_fields);
  });
}

}  // namespace rankmesh::mpi
