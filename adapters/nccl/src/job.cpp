#include "rankmesh/nccl/job.hpp"

#include <string>
#include <utility>
#include <vector>

#include "before.hpp"
#include "mpi_side.hpp"
#include "origin.hpp"
#include "proof.hpp"
#include "rankmesh/mpi/control_plane.hpp"
#include "rankmesh/nccl/error.hpp"
#include "rankmesh/nccl/mpi_world.hpp"

namespace rankmesh::nccl {
namespace {

std::vector<std::string> problems_of(const Options& options) {
  std::vector<std::string> problems;
  if (options.strategy != Strategy::unique_id) {
    problems.push_back("strategy " + std::string(to_string(options.strategy)) +
                       " cannot be rebuilt: its calls wait for lost processes; use unique_id");
  }
  if (options.blocking)
    problems.emplace_back("blocking communicators cannot be rebuilt; use non-blocking ones");
  if (options.host_communicators) {
    problems.emplace_back("host_communicators cannot be rebuilt beside those of NCCL; use mpi::Job for them");
  }
  return problems;
}

/// What decides whether a job can be rebuilt must be the same on all processes before anything else.
mpi::Options with_fields(const Options& options) {
  mpi::Options result = options.bring_up;
  result.job_fields.push_back({.field = "strategy", .value = std::string(to_string(options.strategy))});
  result.job_fields.push_back({.field = "blocking", .value = options.blocking ? "true" : "false"});
  result.job_fields.push_back(
      {.field = "host_communicators", .value = options.host_communicators ? "true" : "false"});
  result.job_fields.push_back({.field = "shrink", .value = options.shrink ? "true" : "false"});
  return result;
}

}  // namespace

struct Job::State {
  State(MpiWorld world, const ParallelConfig& config, const Options& given)
      : plane(world.communicator, config, with_fields(given)),
        options(given) {
    if (std::vector<std::string> problems = problems_of(options); !problems.empty()) {
      throw OptionsError(std::move(problems));
    }
    // All processes are alive here, idle ones too: their devices are chosen and compared once for all.
    MpiBootstrap bootstrap(plane.communicator(), {});
    const auto processes = static_cast<int>(plane.control().generation().processes.size());
    options.device = Communicators::chosen_device(bootstrap, processes, options);
    options.allow_shared_device = true;
    plane.make_first([&] {
      proof.emplace(*options.device);
      const Generation& first = plane.control().generation();
      if (!plane.control().is_idle()) made.emplace(brought_up(first, nullptr));
    });
  }

  [[nodiscard]] Communicators brought_up(const Generation& generation, const Communicators::Before* before) {
    return Communicators(Communicators::bring_up_over_mpi({plane.communicator(), generation.process_of_rank},
                                                          generation.config, options, before));
  }

  /// Makes the communicators of the next generation, and proves them. If the attempt may keep communicators,
  /// unchanged groups keep theirs.
  void make(const NextGeneration& next, const Attempt& attempt) {
    if (!attempt.may_keep) abort_all();
    const std::vector<int>& members = next.generation.process_of_rank;
    std::optional<Communicators::Before> before;
    if (made)
      before.emplace(Communicators::Before{*made, plane.control().generation().process_of_rank, members});
    made_next.emplace(brought_up(next.generation, before ? &*before : nullptr));
    proof->run(*made_next, members, options.bring_up.timeouts.deadline);
  }

  /// Replaces the communicators by those of the next generation. A process that is idle now may have those of
  /// an attempt that failed.
  void commit() noexcept {
    std::optional<Communicators> next;
    if (!plane.control().is_idle()) next.swap(made_next);
    abort_all();
    made.swap(next);
  }

  void abort_all() noexcept {
    for (std::optional<Communicators>* const each : {&made_next, &made}) {
      if (*each) (*each)->abort();
      each->reset();
    }
  }

  mpi::ControlPlane plane;
  /// With the device of this process.
  Options options;
  /// Outlives the communicators, of which it may have begun a sum.
  std::optional<Proof> proof{};
  std::optional<Communicators> made{};
  /// Those of the generation that is being made.
  std::optional<Communicators> made_next{};
};

Job::Job(MpiWorld world, const ParallelConfig& config, const Options& options)
    : state_(std::make_unique<State>(world, config, options)) {}

Job::~Job() = default;

const Generation& Job::generation() const& noexcept {
  return state_->plane.control().generation();
}

int Job::process() const noexcept {
  return state_->plane.control().process();
}

bool Job::is_idle() const noexcept {
  return state_->plane.control().is_idle();
}

int Job::device() const noexcept {
  return *state_->options.device;
}

Communicators& Job::communicators() & {
  state_->plane.control().require_usable();
  if (is_idle()) {
    throw StateError("process " + std::to_string(process()) +
                     " is idle, so it has no communicators: call stand_by()");
  }
  return *state_->made;
}

Rebuilt Job::rebuild(const RebuildOptions& options) {
  try {
    Rebuilt rebuilt = state_->plane.rebuild(
        options, [&](const NextGeneration& next, const Attempt& attempt) { state_->make(next, attempt); });
    state_->commit();
    return rebuilt;
  } catch (...) {
    state_->abort_all();
    throw;
  }
}

std::optional<Rebuilt> Job::stand_by(const RebuildOptions& options, std::chrono::nanoseconds limit) {
  return state_->plane.stand_by(limit, [&] { return rebuild(options); });
}

void Job::finish() {
  state_->plane.finish();
}

}  // namespace rankmesh::nccl
