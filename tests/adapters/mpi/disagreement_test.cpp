#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rankmesh/mpi/communicators.hpp"
#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;
using mpi::Communicators;

namespace {

/// The text of the error of type `Expected` that a bring-up ends with on this rank.
template <typename Expected>
std::string error_of(MPI_Comm communicator, const ParallelConfig& config, const mpi::Options& options = {}) {
  try {
    const Communicators groups(communicator, config, options);
  } catch (const Expected& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("whatever field differs, on whichever rank, every rank gets the same error") {
  if (world_size() < 2) return;
  const std::int64_t size = world_size();
  using Change = std::function<void(ParallelConfig&, mpi::Options&)>;
  const std::vector<std::pair<std::string, Change>> changes = {
      {"world_size", [](ParallelConfig& c, mpi::Options&) { c.world_size *= 2; }},
      {"tensor", [](ParallelConfig& c, mpi::Options&) { c.tensor = 1; }},
      {"pipeline", [](ParallelConfig& c, mpi::Options&) { c.pipeline = 7; }},
      {"sequence", [](ParallelConfig& c, mpi::Options&) { c.sequence = 0; }},
      {"virtual_pipeline", [](ParallelConfig& c, mpi::Options&) { c.virtual_pipeline = 2; }},
      {"split_rank", [](ParallelConfig& c, mpi::Options&) { c.split_rank = 0; }},
      {"fp8", [](ParallelConfig& c, mpi::Options&) { c.fp8 = true; }},
      {"distributed_optimizer", [](ParallelConfig& c, mpi::Options&) { c.distributed_optimizer = true; }},
      {"amax_rule", [](ParallelConfig& c, mpi::Options&) { c.amax_rule = AmaxRule::data_tensor_product; }},
      {"virtual_pipeline_rule",
       [](ParallelConfig& c, mpi::Options&) { c.virtual_pipeline_rule = VirtualPipelineRule::megatron; }},
      {"sharing_key.data",
       [](ParallelConfig&, mpi::Options& o) { o.plan.sharing_keys[GroupKind::data] = "x"; }},
      {"layers",
       [](ParallelConfig&, mpi::Options& o) { o.job_fields = {{.field = "layers", .value = "3"}}; }},
      {"on_stuck", [](ParallelConfig&, mpi::Options& o) { o.on_stuck = [](const mpi::StuckCall&) {}; }},
  };
  for (const auto& [field, change] : changes) {
    for (const int odd_one : {0, world_size() / 2, world_size() - 1}) {
      CAPTURE(field, odd_one);
      ParallelConfig config{.world_size = size, .tensor = size};
      mpi::Options options{.job_fields = {{.field = "layers", .value = "2"}}};
      if (world_rank() == odd_one) change(config, options);
      const std::string text = error_of<DisagreementError>(MPI_COMM_WORLD, config, options);
      CHECK(same_everywhere(text));
      CHECK_THAT(text, ContainsSubstring("the ranks do not agree on 1 field:\n  " + field + " = "));
      CHECK_THAT(text, ContainsSubstring(" on rank " + std::to_string(odd_one)));
    }
  }
}

TEST_CASE("every job field is compared, also where names are repeated or are those of the configuration") {
  if (world_size() < 2) return;
  const std::vector<AgreementField> held = {{.field = "layers", .value = "2"},
                                            {.field = "layers", .value = "4"},
                                            {.field = "tensor", .value = "x"}};
  const std::vector<std::string> names = {"layers", "layers (2)", "tensor (2)"};
  for (std::size_t i = 0; i < held.size(); ++i) {
    for (const int odd_one : {0, world_size() - 1}) {
      for (const bool is_missing : {false, true}) {
        CAPTURE(names[i], odd_one, is_missing);
        mpi::Options options{.job_fields = held};
        if (world_rank() == odd_one && is_missing) {
          // The last field of the name is missing.
          options.job_fields.erase(options.job_fields.begin() + static_cast<std::ptrdiff_t>(i));
        } else if (world_rank() == odd_one) {
          options.job_fields[i].value = "other";
        }
        const std::string text =
            error_of<DisagreementError>(MPI_COMM_WORLD, {.world_size = world_size()}, options);
        CHECK(same_everywhere(text));
        CHECK_THAT(text, ContainsSubstring("\n  " + names[i] + " = "));
        CHECK_THAT(text, ContainsSubstring("on rank " + std::to_string(odd_one)));
      }
    }
  }
  CHECK(error_of<Error>(MPI_COMM_WORLD, {.world_size = world_size()}, {.job_fields = held}) == "no error");
}

TEST_CASE("a world size that is not that of the job is an error on every rank") {
  const std::string text = error_of<DisagreementError>(MPI_COMM_WORLD, {.world_size = world_size() + 1});
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("\n  world_size = " + std::to_string(world_size() + 1) +
                                     "; it must be " + std::to_string(world_size()) + "\n"));
  CHECK_THAT(text, !ContainsSubstring("do not agree"));
}

TEST_CASE("an invalid configuration that all ranks hold is the same ConfigError on every rank") {
  const std::string text = error_of<ConfigError>(
      MPI_COMM_WORLD, {.world_size = world_size(), .tensor = world_size() + 1, .sequence = -1});
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("2 violations"));
}

TEST_CASE("a sharing key for a kind that is not there is the same error on every rank") {
  mpi::Options options;
  options.plan.sharing_keys[GroupKind::amax] = "x";
  const std::string text = error_of<RangeError>(MPI_COMM_WORLD, {.world_size = world_size()}, options);
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("no groups of kind amax"));
}

TEST_CASE("a rank that does not come in time is named on every rank, and gets the error itself") {
  if (world_size() < 2) return;
  for (const int late : {0, 1, world_size() - 1}) {
    CAPTURE(late);
    MPI_Comm own = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &own);
    mpi::Options options;
    options.timeouts.deadline = 500ms;
    options.timeouts.grace = 250ms;
    if (world_rank() == late) std::this_thread::sleep_for(1500ms);
    const std::string text = error_of<DeadlineError>(own, {.world_size = world_size()}, options);
    CHECK(same_everywhere(text));
    CHECK_THAT(text, ContainsSubstring("deadline missed at step agreement: rank " + std::to_string(late) +
                                       " did not"));
    // The communicator remains usable, and late messages do not disturb a later bring-up.
    options.timeouts.deadline = 60s;
    MPI_Barrier(own);
    CHECK(error_of<Error>(own, {.world_size = world_size()}, options) == "no error");
    MPI_Comm_free(&own);
  }
}

TEST_CASE("reports of a bring-up that missed its deadline never count for one on a new communicator") {
  if (world_size() < 2) return;
  const ParallelConfig config{.world_size = world_size()};
  for (const int late : {0, 1, world_size() - 1}) {
    CAPTURE(late);
    MPI_Comm old = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &old);
    mpi::Options options{.job_fields = {{.field = "attempt", .value = "old"}}};
    options.timeouts = {.deadline = 300ms, .grace = 100ms};
    // The late rank begins when all others have given up, and freed the communicator.
    if (world_rank() == late) MPI_Barrier(MPI_COMM_WORLD);
    CHECK_THAT(error_of<DeadlineError>(old, config, options),
               ContainsSubstring("deadline missed at step agreement"));
    MPI_Comm_free(&old);
    if (world_rank() != late) MPI_Barrier(MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);

    MPI_Comm made = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &made);
    // Again the late rank comes last: the others must wait for its new report.
    if (world_rank() == late) std::this_thread::sleep_for(100ms);
    options.job_fields.front().value = "new";
    options.timeouts = {.deadline = 60s, .grace = 1s};
    CHECK(error_of<Error>(made, config, options) == "no error");
    MPI_Comm_free(&made);
  }
}
