// A job that loses processes goes on with the losses of a job that nothing happened to. Each case starts real
// processes, which are killed.

#include <map>
#include <optional>
#include <string>

#include "runs.hpp"

using namespace rankmesh::tests;

namespace {

const std::string short_run = " --steps 12 --every 1 --deadline 6 ";

struct Case {
  int processes;
  std::string layout;
  std::string training;
  int spares;
  /// See dying.cpp.
  std::string events;
  /// How many ranks are left.
  int ranks_left;
  /// The step after which they go on, where the events say which.
  std::optional<int> resumed_after{};
};

Run run_dying(const Case& tried, const std::string& more) {
  return run_training(
      RANKMESH_TINY_GPT_DYING " " + tried.events, tried.processes,
      tried.layout + tried.training + " --spares " + std::to_string(tried.spares) + short_run + more, true);
}

/// The step after which the ranks of the last generation have gone on.
int resumed_after(const Run& run) {
  const std::string text = "ranks go on after step ";
  const std::size_t at = run.out.rfind(text);
  return at == std::string::npos ? -1 : std::stoi(run.out.substr(at + text.size()));
}

/// The steps after one.
Run tail_of(Run run, int step) {
  run.losses.erase(run.losses.begin(), run.losses.upper_bound(step));
  return run;
}

/// The run of one process to which nothing happens: every layout has its losses.
const Run& undisturbed(const std::string& training) {
  static std::map<std::string, Run> runs;
  const auto [found, is_new] = runs.try_emplace(training);
  if (is_new) found->second = run_training(RANKMESH_TINY_GPT, 1, training + short_run);
  return found->second;
}

/// That the survivors go on as a job does that starts with their layout and state, and as one process does.
void check_that_it_goes_on(const Case& tried) {
  CAPTURE(tried.processes, tried.layout, tried.training, tried.spares, tried.events);
  const TemporaryFolder folder;
  const Run found = run_dying(tried, "--checkpoint " + folder.file("state"));
  INFO(found.out << found.err);
  // One rebuild for each death: a wrong state must not be repaired by one more.
  const int deaths = occurrences(tried.events, "barrier:") + occurrences(tried.events, "sum:");
  CHECK(occurrences(found.out, " ranks go on after step ") == deaths);
  CHECK(occurrences(found.out, " " + std::to_string(tried.ranks_left) + " ranks go on after step ") >= 1);
  const int step = resumed_after(found);
  REQUIRE(step > 0);
  CHECK(step == tried.resumed_after.value_or(step));
  const Run anew =
      run_training(RANKMESH_TINY_GPT, tried.ranks_left,
                   tried.layout + tried.training + short_run + " --load " + folder.file("state"));
  CHECK(anew.exit_code == 0);
  REQUIRE(anew.losses.size() == static_cast<std::size_t>(12 - step));
  CHECK(distance(anew, tail_of(found, step)) <= tolerance);
  CHECK(distance(undisturbed(tried.training), found) <= tolerance);
}

const std::string plain;
const std::string clipped = " --clip 0.5";

}  // namespace

TEST_CASE("a spare takes the place of a process that dies, whoever it is") {
  if (!mpiexec_can_survive_a_rank()) return;
  check_that_it_goes_on({5, "--tp 2", clipped, 1, "barrier:0:5", 4, 4});
  check_that_it_goes_on({9, "--tp 2 --pp 2", plain, 1, "sum:6:300", 8});
  check_that_it_goes_on({5, "--sp 2", plain, 1, "barrier:3:7", 4, 6});
}

TEST_CASE("without a spare the others divide the same batch among them") {
  if (!mpiexec_can_survive_a_rank()) return;
  // 8 sequences of 4, then of 3 replicas.
  check_that_it_goes_on({4, "", plain, 0, "barrier:1:5", 3, 4});
  check_that_it_goes_on({6, "--tp 2", plain, 0, "sum:5:300", 4});
  check_that_it_goes_on({6, "--pp 2", clipped, 0, "barrier:0:3", 4, 2});
}

TEST_CASE("several processes die one after another: the first of them, then the spare that took its place") {
  if (!mpiexec_can_survive_a_rank()) return;
  check_that_it_goes_on({7, "--tp 2", plain, 1, "barrier:0:4,barrier:6:4", 4, 6});
}

TEST_CASE("a process that was left over is a spare later, and its old state is not used") {
  if (!mpiexec_can_survive_a_rank()) return;
  // After step 4 or 5: process 0 has begun its third barrier or not when the loss of process 5 shows.
  check_that_it_goes_on({6, "--tp 2", plain, 0, "barrier:5:3,barrier:0:6", 4});
}

TEST_CASE("scales of FP8 are restored too") {
  if (!mpiexec_can_survive_a_rank()) return;
  check_that_it_goes_on(
      {5, "--tp 2", clipped + " --fp8 --amax-rule product --split-layer 3", 1, "barrier:2:5", 4, 4});
}

TEST_CASE("a process that had already ended a step repeats it with the others") {
  if (!mpiexec_can_survive_a_rank()) return;
  check_that_it_goes_on({7, "--tp 2", plain, 1, "ahead:0:5,ahead:5:5,barrier:3:5", 6, 4});
}

TEST_CASE("the parts of a distributed optimizer come from the last checkpoint") {
  if (!mpiexec_can_survive_a_rank()) return;
  for (const int spares : {0, 1}) {
    const Case tried{6 + spares,    "--tp 2 --distributed-optimizer", plain, spares, "barrier:3:6",
                     4 + 2 * spares};
    CAPTURE(spares);
    const TemporaryFolder folder;
    const Run found = run_dying(tried, "--checkpoint-every 3 --checkpoint " + folder.file("state"));
    INFO(found.out << found.err);
    CHECK(resumed_after(found) == 3);
    CHECK(distance(undisturbed(tried.training), found) <= tolerance);
  }
}

TEST_CASE("without a checkpoint, state that is lost with all its holders ends the job on all processes") {
  if (!mpiexec_can_survive_a_rank()) return;
  const Run found = run_dying({3, "--tp 2", plain, 1, "barrier:1:2", 0}, "");
  CHECK(occurrences(found.err, "a part of the state is lost with all processes that had it") == 2);
}

TEST_CASE("the comparison notices a state of another step") {
  const TemporaryFolder folder;
  const Run run = run_training(RANKMESH_TINY_GPT, 2,
                               "--tp 2 --steps 6 --checkpoint-every 6 --checkpoint " + folder.file("state"));
  REQUIRE(run.losses.size() == 6);
  const Run right = run_training(RANKMESH_TINY_GPT, 2, "--tp 2 --steps 9 --load " + folder.file("state"));
  const Run all = run_training(RANKMESH_TINY_GPT, 2, "--tp 2 --steps 9");
  CHECK(distance(right, tail_of(all, 6)) <= tolerance);
  Run shifted = right;
  shifted.losses.clear();
  for (const auto& [step, loss] : right.losses) shifted.losses[step] = all.losses.at(step - 1);
  CHECK(distance(right, shifted) > 1e3 * tolerance);
}
