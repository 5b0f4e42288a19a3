// The comparison of models detects wrong groups: for each kind, exchanging two ranks gives a different model.

#include <string>

#include "runs.hpp"

using namespace rankmesh::tests;

namespace {

const std::string training = "--steps 5 --clip 0.5 --fp8 --amax-rule product --split-layer 3 ";

struct Case {
  std::string swap;
  int processes;
  std::string layout;
};

/// Rank = tensor position + 2 * data position + 4 * stage.
const std::string three_axes = "--tp 2 --pp 2 --split-rank 1";

// Each exchange puts a rank into a group whose members should hold another part of the model or of the batch.
const std::vector<Case> cases = {
    {"data 0 1", 8, three_axes},      // a rank with another part of each tensor
    {"tensor 1 3", 8, three_axes},    // a rank with another sequence
    {"pipeline 4 6", 8, three_axes},  // a rank with another sequence
    {"model 0 3", 8, three_axes},     // a rank with another part of each tensor, counted twice
    {"embedding 4 5", 8, three_axes},
    {"position_embedding 1 4", 8, three_axes},  // sums over [0 1] and [4 5] combine two stages
    {"amax 3 4", 8, three_axes},                // a rank of another stage
    {"sequence 1 2", 4, "--sp 2"},              // a rank with a part of another sequence
    {"sequence_data 0 1", 8, "--convention extended --tp 2 --sp 2 --pp 2 --split-rank 1"},
};

}  // namespace

TEST_CASE("exchanging two ranks of any kind gives a different model") {
  const Run expected = run_training(RANKMESH_TINY_GPT, 1, training);
  REQUIRE(expected.losses.size() == 5);
  for (const auto& [swap, processes, layout] : cases) {
    CAPTURE(swap, layout);
    const Run found =
        run_training(std::string(RANKMESH_TINY_GPT_SWAPPED) + " " + swap, processes, training + layout);
    // The job itself does not detect the error: all collectives complete.
    CHECK(found.exit_code == 0);
    CHECK(found.losses.size() == 5);
    CHECK(distance(expected, found) > 1e3 * tolerance);
  }
}

TEST_CASE("replacing groups without an exchange gives the same model") {
  const Run expected = run_training(RANKMESH_TINY_GPT, 1, training);
  for (const std::string swap : {"tensor 3 3", "embedding 4 4"}) {
    CAPTURE(swap);
    const Run found =
        run_training(std::string(RANKMESH_TINY_GPT_SWAPPED) + " " + swap, 8, training + three_axes);
    CHECK(found.exit_code == 0);
    CHECK(distance(expected, found) <= tolerance);
  }
}
