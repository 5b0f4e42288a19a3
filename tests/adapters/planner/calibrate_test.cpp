#include "rankmesh/planner/calibrate.hpp"

#include "jobs.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

namespace {

const Work& work() {
  static const Work work(gpt3());
  return work;
}

/// A run as a machine with other rates would have it.
MeasuredRun measured(const Layout& layout, const Calibration& truth, Recompute recompute = Recompute::none) {
  Machine machine = nodes_of_h100(layout.world());
  Constants constants;
  truth.apply(machine, constants);
  const Training training{.sequence_length = 2048, .global_batch = 256, .recompute = recompute};
  const Estimate e = estimate(work(), machine, training, layout, constants);
  return {.training = training,
          .layout = layout,
          .step_s = e.step_s,
          .memory_gib = e.memory.total() / (1024.0 * 1024 * 1024)};
}

// One computes alone, one depends on the network, and one on fast links.
const Layout computes{.pp = 8, .dp = 1};
const Layout sends_far{.dp = 256};
const Layout sends_near{.tp = 8, .etp = 8, .dp = 1};

Calibration fitted(const std::vector<MeasuredRun>& runs) {
  return calibrate(work(), nodes_of_h100(64), runs);
}

}  // namespace

TEST_CASE("one run gives the speed of the GPU") {
  for (const double compute : {0.7, 0.9, 1.1}) {
    const Calibration found = fitted({measured(computes, {.compute = compute, .overhead_gib = 7})});
    CHECK(found.compute == Approx(compute).epsilon(1e-3));
    CHECK(found.network == 1);
    CHECK(found.link == 1);
    CHECK(found.overhead_gib.value() == Approx(7));
    REQUIRE(found.after.size() == 1);
    CHECK(found.after[0] == Approx(1).epsilon(1e-4));
    CHECK((found.before[0] < found.after[0]) == (compute < 1));
  }
}

TEST_CASE("two runs give the network's bandwidth too") {
  const Calibration truth{.compute = 0.8, .network = 0.5};
  const Calibration found = fitted({measured(computes, truth), measured(sends_far, truth)});
  CHECK(found.compute == Approx(truth.compute).epsilon(1e-3));
  CHECK(found.network == Approx(truth.network).epsilon(1e-3));
  CHECK(found.link == 1);
}

TEST_CASE("three runs give all factors") {
  const Calibration truth{.compute = 1.1, .network = 0.7, .link = 0.6};
  const Calibration found =
      fitted({measured(computes, truth), measured(sends_far, truth), measured(sends_near, truth)});
  CHECK(found.compute == Approx(truth.compute).epsilon(1e-2));
  CHECK(found.network == Approx(truth.network).epsilon(1e-2));
  CHECK(found.link == Approx(truth.link).epsilon(1e-2));
}

TEST_CASE("a factor that no run depends on stays 1, and runs that contradict are met in the middle") {
  const Layout alone{.tp = 8, .etp = 8, .dp = 1};
  const Calibration near = fitted({measured(alone, {.compute = 0.8}), measured(alone, {.compute = 0.8})});
  CHECK(near.compute == Approx(0.8).epsilon(1e-3));
  CHECK(near.network == Approx(1).epsilon(1e-3));
  const Calibration middle = fitted({measured(alone, {.compute = 0.7}), measured(alone, {.compute = 0.9})});
  CHECK(middle.compute > 0.7);
  CHECK(middle.compute < 0.9);
  CHECK(middle.after[0] < 1);
  CHECK(middle.after[1] > 1);
}

TEST_CASE("no measurement makes a GPU faster than its peak") {
  MeasuredRun run = measured(computes, {});
  run.step_s /= 100;
  const Calibration found = fitted({run});
  Machine machine = nodes_of_h100(64);
  Constants constants;
  found.apply(machine, constants);
  CHECK(machine.gpu.efficiency <= 1.000001);
  CHECK(found.after[0] > 2);
}
