#include "rankmesh/mpi/job.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "origin.hpp"
#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/time_after.hpp"
#include "rankmesh/mpi/error.hpp"
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

/// A sum over a communicator that is under way: MPI uses the addresses until it is complete.
struct Sum {
  std::int64_t own = 0;
  std::int64_t sum = 0;
  MPI_Request request = MPI_REQUEST_NULL;
};

std::int64_t mark_of(int process) {
  const std::int64_t number = process + 1;
  return number * number;
}

/// Proves each communicator of a plan by a sum that only its members can give. Returns what is wrong.
std::optional<std::string> prove(const Communicators& made, const std::vector<int>& process_of_rank,
                                 std::chrono::nanoseconds limit) {
  const auto until = time_after(std::chrono::steady_clock::now(), limit);
  for (const PlanStep& step : made.plan().steps()) {
    const GroupCommunicator<MPI_Comm> group = made.at(step.kind);
    if (!group.has_communicator()) continue;
    const auto process = [&](int rank) { return process_of_rank[static_cast<std::size_t>(rank)]; };
    const std::string name(step.kind.name());
    auto sum = std::make_unique<Sum>();
    sum->own = mark_of(process(made.rank()));
    if (const int code =
            MPI_Iallreduce(&sum->own, &sum->sum, 1, MPI_INT64_T, MPI_SUM, group.native(), &sum->request);
        code != MPI_SUCCESS) {
      return MpiError({.call = "MPI_Iallreduce", .code = code, .kind = step.kind}).what();
    }
    for (int done = 0; done == 0;) {
      if (const int code = MPI_Test(&sum->request, &done, MPI_STATUS_IGNORE); code != MPI_SUCCESS) {
        return MpiError({.call = "MPI_Test", .code = code, .kind = step.kind}).what();
      }
      if (done != 0) break;
      if (std::chrono::steady_clock::now() >= until) {
        static_cast<void>(sum.release());  // MPI may still write to it
        return "a sum in the " + name + " communicator did not end";
      }
      std::this_thread::yield();
    }
    std::int64_t expected = 0;
    for (const int rank : made.topology().group_of(step.kind, made.rank()))
      expected += mark_of(process(rank));
    if (sum->sum != expected) return "the " + name + " communicator does not have the members of its group";
  }
  return std::nullopt;
}

}  // namespace

Job::Job(MPI_Comm communicator, const ParallelConfig& config, const Options& options) : options_(options) {
  agree_on_layout(communicator, config, options_);
  int process = 0;
  int processes = 0;
  MPI_Comm_rank(communicator, &process);
  MPI_Comm_size(communicator, &processes);
  Generation first = first_generation(config, processes);
  control_communicator_ = control_communicator(communicator, processes, options_);
  const MPI_Comm native = control_communicator_.native();
  const int first_tag = options_.first_tag;
  const auto connect = [native, first_tag, processes](const std::vector<int>& members) {
    const bool are_all = static_cast<int>(members.size()) == processes;
    auto transport =
        std::make_unique<MpiTransport>(native, are_all ? std::vector<int>() : members, first_tag);
    MpiTransport* const marked = transport.get();
    return JobControl::Connection{.transport = std::move(transport),
                                  .on_failure = [marked] { marked->mark_failed(); }};
  };
  control_ = std::make_unique<JobControl>(connect, process, std::move(first));

  std::exception_ptr failure;
  std::optional<std::string> text;
  try {
    if (generation().rank_of(process)) {
      communicators_ = Communicators::brought_up(
          {control_communicator_.native(), generation().process_of_rank, options_}, config);
    }
  } catch (...) {
    failure = std::current_exception();
    text = text_of_current_exception();
  }
  Timeouts timeouts = options_.timeouts;
  timeouts.deadline *= 2;  // idle processes wait for those that make communicators
  try {
    control_->complete(timeouts, text);
  } catch (const Error&) {
    if (!failure) throw;
  }
  if (failure) std::rethrow_exception(failure);
}

Job::~Job() = default;

Communicators& Job::communicators() & {
  if (!communicators_) {
    throw StateError("process " + std::to_string(process()) +
                     " is idle, so it has no communicators: call stand_by()");
  }
  return *communicators_;
}

AttemptOutcome Job::attempt(const NextGeneration& next, int number) {
  next_.reset();
  const std::vector<int>& members = next.generation.process_of_rank;
  if (!next.generation.rank_of(process())) return {};
  try {
    std::optional<Communicators::Before> before;
    // After a failed attempt it is not known who has kept what.
    if (number == 1 && communicators_) before.emplace(*communicators_, generation().process_of_rank);
    Options options = options_;
    // Where one process was lost, more may be: one that is gone before a call leaves nobody inside of it.
    options.arrivals = Arrivals::before_each_step;
    next_ = Communicators::brought_up({control_communicator_.native(), members, std::move(options)},
                                      next.generation.config, before ? &*before : nullptr);
    return {.failure = prove(*next_, members, options_.timeouts.deadline)};
  } catch (const DeadlineError& error) {
    return {.failure = error.what(), .lost = error.details().missing};
  } catch (const std::exception& error) {
    return {.failure = error.what()};
  }
}

Rebuilt Job::rebuild(const RebuildOptions& options) {
  Rebuilt rebuilt =
      control_->rebuild(options, 2 * options_.timeouts.deadline,
                        [this](const NextGeneration& next, int number) { return attempt(next, number); });
  communicators_.reset();
  if (next_) communicators_.emplace(std::move(*next_));
  next_.reset();
  return rebuilt;
}

std::optional<Rebuilt> Job::stand_by(const RebuildOptions& options, std::chrono::nanoseconds limit) {
  if (!is_idle()) {
    throw StateError("process " + std::to_string(process()) + " has a rank: only an idle process stands by");
  }
  const std::optional<JobControl::Call> call = control_->wait_for_call(limit);
  if (!call) throw DeadlineError({.step = "stand-by", .waited = limit, .complete = false});
  if (*call == JobControl::Call::rebuild) return rebuild(options);
  finish();
  return std::nullopt;
}

void Job::finish() {
  control_->finish(options_.timeouts);
}

}  // namespace rankmesh::mpi
