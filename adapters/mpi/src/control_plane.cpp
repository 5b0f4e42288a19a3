#include "rankmesh/mpi/control_plane.hpp"

#include <exception>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "fault_tolerance.hpp"
#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/time_after.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/mpi/error_handler_guard.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "require_success.hpp"

namespace rankmesh::mpi {
namespace {

/// Agrees on the layout with all processes, idle ones too, so that a difference is named at once.
void agree_on_layout(MPI_Comm communicator, const ParallelConfig& config, const Options& options) {
  const ErrorHandlerGuard guard(communicator);
  MpiTransport transport(communicator, options.first_tag);
  AgreementSession session(transport, options.timeouts);
  try {
    std::vector<AgreementField> fields = agreement_fields(config, transport.size());
    // There may be more processes than ranks.
    for (AgreementField& field : fields) field.required.reset();
    fields.insert(fields.end(), options.job_fields.begin(), options.job_fields.end());
    Agreement agreement(session, std::move(fields), {.step = "agreement", .is_last = true});
    finish(agreement, session);
  } catch (...) {
    transport.mark_failed();
    throw;
  }
}

/// A communicator over all processes that returns its errors, as those made from it will.
Communicator control_communicator(MPI_Comm communicator, int processes, Options options) {
  std::vector<int> all(static_cast<std::size_t>(processes));
  std::iota(all.begin(), all.end(), 0);
  options.on_progress = nullptr;
  options.plan = {};
  Communicator made = group(communicator, all, options);
  require_success(MPI_Comm_set_errhandler(made.native(), MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return made;
}

/// How long others wait for a process that makes communicators: the first agreement and the steps may each
/// take until the deadline, and settle an error some `grace` after it.
std::chrono::nanoseconds limit_of(const Timeouts& timeouts) {
  std::chrono::nanoseconds limit = sum_of(timeouts.deadline, timeouts.deadline);
  for (int count = 0; count < 8; ++count) limit = sum_of(limit, timeouts.grace);
  return limit;
}

JobControl::Connect connector(MPI_Comm communicator, int processes, int first_tag) {
  return [=](const std::vector<int>& members) {
    const bool are_all = static_cast<int>(members.size()) == processes;
    auto transport =
        std::make_unique<MpiTransport>(communicator, are_all ? std::vector<int>() : members, first_tag);
    MpiTransport* const marked = transport.get();
    return JobControl::Connection{.transport = std::move(transport),
                                  .on_failure = [marked] { marked->mark_failed(); },
                                  .failed = [communicator] { return failed_ranks(communicator); }};
  };
}

}  // namespace

ControlPlane::ControlPlane(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
    : options_(options) {
  agree_on_layout(communicator, config, options_);
  int process = 0;
  int processes = 0;
  MPI_Comm_rank(communicator, &process);
  MPI_Comm_size(communicator, &processes);
  Generation first = first_generation(config, processes);
  communicator_ = control_communicator(communicator, processes, options_);
  control_ = std::make_unique<JobControl>(connector(communicator_.native(), processes, options_.first_tag),
                                          process, std::move(first));
}

void ControlPlane::make_first(const std::function<void()>& make) {
  std::exception_ptr disagreement;
  const AttemptOutcome outcome = outcome_of([&] {
    try {
      make();
    } catch (const DisagreementError&) {
      disagreement = std::current_exception();
      throw;
    }
  });
  Timeouts timeouts = options_.timeouts;
  timeouts.deadline = limit_of(timeouts);
  try {
    control_->complete(timeouts, outcome);
  } catch (const BringUpError&) {
    if (!disagreement) throw;
    std::rethrow_exception(disagreement);
  }
}

Rebuilt ControlPlane::rebuild(
    const RebuildOptions& options,
    const std::function<void(const NextGeneration& next, const Attempt& attempt)>& make) {
  return control_->rebuild(options, limit_of(options_.timeouts),
                           [&](const NextGeneration& next, const Attempt& attempt) -> AttemptOutcome {
                             if (!next.generation.rank_of(control_->process())) return {};
                             return outcome_of([&] { return make(next, attempt); });
                           });
}

std::optional<Rebuilt> ControlPlane::stand_by(std::chrono::nanoseconds limit,
                                              const std::function<Rebuilt()>& rebuild) {
  if (!control_->is_idle()) {
    throw StateError("process " + std::to_string(control_->process()) +
                     " has a rank: only an idle process stands by");
  }
  const std::optional<JobControl::Call> call = control_->wait_for_call(limit);
  if (!call) throw DeadlineError({.step = "stand-by", .waited = limit, .complete = false});
  if (*call == JobControl::Call::rebuild) return rebuild();
  finish();
  return std::nullopt;
}

}  // namespace rankmesh::mpi
