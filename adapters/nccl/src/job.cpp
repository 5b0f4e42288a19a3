#include "rankmesh/nccl/job.hpp"

#include <string>
#include <utility>
#include <vector>

#include "mpi_side.hpp"
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
    plane.make_first([&] {
      // All processes are alive here, idle ones too: their devices are chosen and compared once for all.
      MpiBootstrap bootstrap(plane.communicator(), {});
      bootstrap.play(host_of(options.bring_up));
      options.device = Communicators::chosen_device(bootstrap, plane.control().process(), options);
      options.allow_shared_device = true;
    });
    plane.make_first([&] {
      if (!plane.control().is_idle()) make(plane.control().generation());
    });
  }

  void make(const Generation& generation) {
    made.emplace(plane.communicator(), generation.process_of_rank, generation.config, options);
  }

  mpi::ControlPlane plane;
  /// With the device of this process.
  Options options;
  std::optional<Communicators> made{};
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
  return !state_->made;
}

int Job::device() const noexcept {
  return *state_->options.device;
}

Communicators& Job::communicators() & {
  if (!state_->made) {
    throw StateError("process " + std::to_string(process()) +
                     " is idle, so it has no communicators: call stand_by()");
  }
  return *state_->made;
}

Rebuilt Job::rebuild(const RebuildOptions& options) {
  const auto abort_all = [this] {
    if (state_->made) state_->made->abort();
    state_->made.reset();
  };
  Rebuilt rebuilt = state_->plane.rebuild(
      options, [&](const NextGeneration& next, const Attempt& /*attempt*/) -> std::optional<std::string> {
        abort_all();
        state_->make(next.generation);
        return std::nullopt;
      });
  if (state_->plane.control().is_idle()) abort_all();
  return rebuilt;
}

std::optional<Rebuilt> Job::stand_by(const RebuildOptions& options, std::chrono::nanoseconds limit) {
  return state_->plane.stand_by(limit, [&] { return rebuild(options); });
}

void Job::finish() {
  state_->plane.finish();
}

}  // namespace rankmesh::nccl
