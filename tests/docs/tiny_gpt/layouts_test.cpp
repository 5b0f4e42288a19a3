// Every layout trains the same model as a single process.

#include <map>
#include <string>

#include "runs.hpp"
#include "support/cases.hpp"

using namespace rankmesh::tests;

namespace {

/// Options of the model and the training, which do not depend on the layout.
const std::string plain;
const std::string clipped = " --clip 0.5";
const std::string in_fp8 = " --fp8 --amax-rule product";
const std::string split = " --split-layer 3";
const std::string all = clipped + in_fp8 + split;

const std::string shards = " --distributed-optimizer";
const std::string extended = "--convention extended --tp 2 --sp 2 --pp 2 --split-rank 1";

struct Layout {
  int processes;
  std::string layout;
  std::string training;
};

const std::vector<Layout> layouts = {
    {1, shards, clipped},
    {2, "--tp 2", plain},
    {2, "--pp 2", clipped},
    {2, shards, clipped},
    {2, "--sp 2", plain},
    {4, "--tp 4", in_fp8},
    {4, "--pp 4", plain},
    {4, "--sp 4", clipped},
    {4, "--tp 2 --pp 2", clipped},
    {4, "--tp 2" + shards, clipped},
    {4, "--sp 2" + shards, all},
    {8, shards, plain},
    {8, "--sp 4", plain},
    {8, "--tp 2 --pp 2 --split-rank 1", all},
    {8, extended, all},
    {16, "--tp 2 --pp 4" + shards, clipped},
    {16, "--tp 4 --pp 2", in_fp8},
    {16, extended + shards, all},
};

std::string steps(int count) {
  return "--steps " + std::to_string(count) + " ";
}

/// The run of one process, executed once for each set of training options and number of steps.
const Run& serial(const std::string& training, int count = 20) {
  static std::map<std::string, Run> runs;
  const std::string options = steps(count) + training;
  const auto [found, is_new] = runs.try_emplace(options);
  if (is_new) found->second = run_training(RANKMESH_TINY_GPT, 1, options);
  return found->second;
}

}  // namespace

TEST_CASE("every layout computes the losses and weights of a single process") {
  for (const auto& [processes, layout, training] : layouts) {
    CAPTURE(processes, layout, training);
    REQUIRE(serial(training).losses.size() == 20);
    REQUIRE(serial(training).losses.rbegin()->second < 0.95 * serial(training).losses.begin()->second);
    // Many processes take turns on few cores.
    const int count = processes < 8 || all_cases() ? 20 : 6;
    const Run& expected = serial(training, count);
    REQUIRE(expected.exit_code == 0);
    REQUIRE(expected.losses.size() == static_cast<std::size_t>(count));
    const Run found = run_training(RANKMESH_TINY_GPT, processes, steps(count) + layout + training);
    CHECK(found.exit_code == 0);
    CHECK(distance(expected, found) <= tolerance);
  }
}

TEST_CASE("each training option changes the losses") {
  for (const std::string& training : {clipped, in_fp8, split}) {
    CAPTURE(training);
    // The losses differ from the first step on; a loss is about 5.
    CHECK(distance(serial(plain), serial(training)) > 1e-4);
  }
}
