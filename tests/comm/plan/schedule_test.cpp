#include "rankmesh/comm/schedule.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "rankmesh/comm/slices.hpp"
#include "support/catch.hpp"

using namespace rankmesh;

namespace {

/// Two plan steps with groups: tensor, and data over pairs; the model group is the world.
CommunicatorPlan example_plan() {
  return CommunicatorPlan(Topology({.world_size = 8, .tensor = 2, .pipeline = 4}));
}

/// A schedule as text: `*` before a collective step, `|` before a concurrent one, and `+` behind a step that
/// reports progress.
std::vector<std::string> text_of(const CommunicatorPlan& plan, const ScheduleOptions& options) {
  std::vector<std::string> result;
  const Schedule schedule(plan, options);
  for (const BringUpStep& step : schedule.steps()) {
    std::string text;
    if (step.entry == BringUpStep::Entry::collective) text += "*";
    if (step.entry == BringUpStep::Entry::concurrent) text += "|";
    result.push_back(text + step.name + (step.reports_progress ? "+" : ""));
  }
  return result;
}

ScheduleOptions nccl(NcclStrategy strategy, bool blocking) {
  return {.nccl = NcclScheduleOptions{.strategy = strategy, .blocking = blocking}};
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("MPI: ranks wait for each other before the first call and after the last, or before each") {
  const CommunicatorPlan planned = example_plan();
  REQUIRE(planned.steps().size() == 4);
  REQUIRE(planned.world_step().has_value());
  CHECK(text_of(planned, {}) ==
        Texts{"*agreement+", "model+", "tensor+", "pipeline+", "embedding+", "*completion"});
  CHECK(text_of(planned, {.arrivals = Arrivals::before_each_step}) ==
        Texts{"*agreement+", "*model+", "*tensor+", "*pipeline+", "*embedding+", "*completion"});
}

TEST_CASE("MPI: the world is duplicated for the kind that is the world, else only on request") {
  const auto duplicates = [](const CommunicatorPlan& planned, bool wanted) {
    Texts names;
    const Schedule schedule(planned, {.duplicate_world = wanted});
    for (const BringUpStep& step : schedule.steps()) {
      if (step.action == BringUpStep::Action::duplicate) names.push_back(step.name);
    }
    return names;
  };
  CHECK(duplicates(example_plan(), false) == Texts{"model"});
  CHECK(duplicates(example_plan(), true) == Texts{"model"});
  const CommunicatorPlan without(Topology({.world_size = 8, .tensor = 2}));
  CHECK(duplicates(without, false).empty());
  CHECK(duplicates(without, true) == Texts{"world"});
}

TEST_CASE("NCCL: communicators are initialised concurrently, or one after another where calls block") {
  const CommunicatorPlan planned = example_plan();
  CHECK(text_of(planned, nccl(NcclStrategy::unique_id, false)) ==
        Texts{"*agreement+", "*device+", "*device", "|identifiers", "|model+", "|tensor+", "|pipeline+",
              "|embedding+", "|initialisation"});
  CHECK(text_of(planned, nccl(NcclStrategy::unique_id, true)) ==
        Texts{"*agreement+", "*device+", "*device", "|identifiers", "|identifiers", "*model+", "*tensor+",
              "*pipeline+", "*embedding+", "*completion"});
  CHECK(text_of(planned, nccl(NcclStrategy::nccl_split, false)) ==
        Texts{"*agreement+", "*device+", "*device", "*identifiers+", "|world+", "|model+", "|tensor+",
              "|pipeline+", "|embedding+", "|initialisation"});
  CHECK(text_of(planned, nccl(NcclStrategy::nccl_split, true)) ==
        Texts{"*agreement+", "*device+", "*device", "*identifiers+", "*identifiers", "*world+", "model+",
              "*tensor+", "*pipeline+", "*embedding+", "*completion"});
}

TEST_CASE("NCCL: MPI communicators are made before the identifiers, for mpi_split and on request") {
  const Texts host = {"model+", "tensor+", "pipeline+", "embedding+", "*host communicators"};
  const auto contains_host = [&](const Texts& steps) {
    return steps.size() > 3 + host.size() && std::equal(host.begin(), host.end(), steps.begin() + 3);
  };
  ScheduleOptions options = nccl(NcclStrategy::unique_id, false);
  CHECK_FALSE(contains_host(text_of(example_plan(), options)));
  options.nccl->host_communicators = true;
  CHECK(contains_host(text_of(example_plan(), options)));
  CHECK(contains_host(text_of(example_plan(), nccl(NcclStrategy::mpi_split, false))));
}

TEST_CASE("blocks hold every step once, in order; several steps only where they are concurrent") {
  for (const NcclStrategy strategy :
       {NcclStrategy::unique_id, NcclStrategy::mpi_split, NcclStrategy::nccl_split}) {
    for (const bool blocking : {false, true}) {
      CAPTURE(to_string(strategy), blocking);
      const Schedule schedule(example_plan(), nccl(strategy, blocking));
      std::vector<BringUpStep> steps;
      for (const auto block : schedule.blocks()) {
        REQUIRE_FALSE(block.empty());
        const bool is_concurrent = block.front().entry == BringUpStep::Entry::concurrent;
        CHECK((block.size() > 1) == is_concurrent);
        if (is_concurrent) CHECK(block.back().action == BringUpStep::Action::complete);
        steps.insert(steps.end(), block.begin(), block.end());
      }
      CHECK(std::equal(steps.begin(), steps.end(), schedule.steps().begin(), schedule.steps().end()));
    }
  }
}

TEST_CASE("the options of a schedule are fields to agree on; those of NCCL only where it is used") {
  const std::vector<AgreementField> mpi = agreement_fields(ScheduleOptions{});
  REQUIRE(mpi.size() == 3);
  CHECK(mpi[0] == AgreementField{.field = "arrivals", .value = "once"});
  CHECK(mpi[1] == AgreementField{.field = "on_stuck", .value = "not set"});
  CHECK(mpi[2] == AgreementField{.field = "duplicate_world", .value = "false"});
  CHECK(agreement_fields({.has_stuck_callback = true})[1].value == "set");
  ScheduleOptions options = nccl(NcclStrategy::mpi_split, true);
  options.nccl->library_version = "2.27.3";
  const std::vector<AgreementField> fields = agreement_fields(options);
  REQUIRE(fields.size() == 11);
  CHECK(fields[3] == AgreementField{.field = "nccl_version", .value = "2.27.3"});
  CHECK(fields[5] == AgreementField{.field = "nccl_strategy", .value = "mpi_split"});
  CHECK(fields[6] == AgreementField{.field = "nccl_blocking", .value = "true"});
  CHECK(fields[7] == AgreementField{.field = "ranks_per_identifier", .value = "128"});
}

TEST_CASE("one identifier for every so many members") {
  CHECK(identifier_count(1, 128) == 1);
  CHECK(identifier_count(128, 128) == 1);
  CHECK(identifier_count(129, 128) == 2);
  CHECK(identifier_count(7, 3) == 3);
  CHECK(identifier_count(2147483647, 2147483647) == 1);
}

TEST_CASE("slices of nearly equal length, the longer ones first") {
  for (int size = 1; size < 30; ++size) {
    for (int count = 1; count <= size; ++count) {
      CAPTURE(size, count);
      CHECK(slice_begin(0, count, size) == 0);
      CHECK(slice_begin(count, count, size) == size);
      int before = size;
      for (int index = 0; index < count; ++index) {
        const int length = slice_begin(index + 1, count, size) - slice_begin(index, count, size);
        CHECK(length <= before);
        CHECK((length == size / count || length == size / count + 1));
        before = length;
      }
    }
  }
}
