#include "rankmesh/mpi/parts.hpp"

#include "rankmesh/mpi/error_handler_guard.hpp"
#include "rankmesh/mpi/transport.hpp"

namespace rankmesh::mpi {

PartOfRank agree_on_parts(MPI_Comm communicator, std::span<const ParallelConfig> parts,
                          const Options& options) {
  const ErrorHandlerGuard guard(communicator);
  MpiTransport transport(communicator, options.first_tag);
  AgreementSession session(transport, options.timeouts);
  try {
    return rankmesh::agree_on_parts(session, parts, options.job_fields);
  } catch (...) {
    transport.mark_failed();
    throw;
  }
}

Part bring_up_parts(MPI_Comm communicator, std::span<const ParallelConfig> parts, const Options& options) {
  const PartOfRank own = agree_on_parts(communicator, parts, options);
  return {own.index, own.first_rank, Communicators(communicator, own.ranks(), parts[own.index], options)};
}

}  // namespace rankmesh::mpi
