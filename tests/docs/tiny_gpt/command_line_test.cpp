#include <string>

#include "runs.hpp"

using namespace rankmesh::tests;

TEST_CASE("all problems of the input are reported at once") {
  const Outcome outcome = run(
      {.program = RANKMESH_TINY_GPT,
       .parts = {{.processes = 2,
                  .options = "--tp 2 --heads 7 --hidden 30 --layers 0 --clip x --text /nowhere --bogus 2"}}});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  for (const std::string problem :
       {"unknown option --bogus", "--layers: 0 is below 1", "--clip: x is not a number",
        "--text: /nowhere cannot be read",
        "--hidden = 30 is no positive multiple of heads = 7; it divides into 6 or 10 equal parts",
        "--heads = 7 is no positive multiple of tensor = 2; take tensor = 1"}) {
    CHECK(occurrences(outcome.err, "example_tiny_gpt: " + problem) == 1);
  }
}

TEST_CASE("layouts that the job does not support are refused") {
  const auto [options, problem] = GENERATE(table<std::string, std::string>({
      {"--pp 2 --split-layer 3", "--split-layer: 3 is on a stage without embeddings"},
      {"--sp 2 --fp8", "--fp8 with --sp needs --amax-rule product"},
      {"--convention megatron-core", "--convention: this job uses the kinds of the reference"},
      {"--tp 3", "--tp: tensor = 3 does not divide"},
  }));
  const Outcome outcome =
      run({.program = RANKMESH_TINY_GPT, .parts = {{.processes = 2, .options = options}}});
  CHECK(outcome.exit_code == 2);
  CHECK(occurrences(outcome.err, "example_tiny_gpt: " + problem) == 1);
}

TEST_CASE("ranks that were started with different options end with an error that names the option") {
  const Outcome outcome = run({.program = RANKMESH_TINY_GPT,
                               .parts = {{.processes = 1, .options = small_model},
                                         {.processes = 1, .options = small_model + " --learning-rate 0.1"}}});
  CHECK(outcome.exit_code != 0);
  CHECK(occurrences(outcome.err, "learning-rate = ") == 1);
}

TEST_CASE("a run prints its progress and the cost of communication") {
  const Outcome outcome =
      run({.program = RANKMESH_TINY_GPT,
           .parts = {{.processes = 4,
                      .options = "--tp 2 --steps 7 --every 3 --distributed-optimizer" + small_model}}});
  CHECK(outcome.exit_code == 0);
  CHECK(occurrences(outcome.out, " tokens/s\n") == 4);
  for (const std::string line :
       {"step     1  loss", "step     3  loss", "step     6  loss", "step     7  loss",
        "tensor              all-reduce", "data                reduce-scatter",
        "data                all-gather", "norm of the weights"}) {
    CHECK(occurrences(outcome.out, line) == 1);
  }
}
