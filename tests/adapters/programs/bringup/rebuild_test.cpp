// rankmesh-bringup that lets processes die and goes on.

#include "job.hpp"

using namespace rankmesh::tests;

namespace {

Outcome lose_processes(int processes, const std::string& options) {
  return run({.program = RANKMESH_BRINGUP,
              .parts = {{processes, options}},
              .runs_on = true,
              .tells_of_failures = true});
}

Json without_times(Json report) {
  for (Json& generation : report.at("generations")) {
    CHECK(generation.at("milliseconds") > 0);
    CHECK(generation.at("proof_milliseconds") > 0);
    generation.erase("milliseconds");
    generation.erase("proof_milliseconds");
  }
  return report.at("generations");
}

}  // namespace

TEST_CASE(
    "a spare takes the place of a process that dies, then a replica is dropped: each time it is proven") {
  if (!mpiexec_can_survive_a_rank()) return;
  // The first process, which prints, is replaced by the spare, which does not know the beginning.
  const Outcome outcome = lose_processes(7, "--tp 2 --spares 1 --kill-rank 0,5 --format json");
  CHECK(outcome.left_over == 0);
  const Json report = Json::parse(outcome.out);
  CHECK(report.at("ok") == true);
  CHECK(without_times(report) == Json::parse(R"([
    {"generation": 0, "ranks": 6, "spares": 1, "lost": [], "proven": true},
    {"generation": 1, "ranks": 6, "spares": 0, "lost": [0], "proven": true},
    {"generation": 2, "ranks": 4, "spares": 1, "lost": [5], "proven": true}])"));
}

TEST_CASE("the report of deaths as text is one table") {
  if (!mpiexec_can_survive_a_rank()) return;
  const Outcome outcome = lose_processes(5, "--tp 2 --spares 1 --kill-rank 4");
  CHECK_THAT(outcome.out, ContainsSubstring("generation   ranks  spares    made in ms"));
  CHECK(occurrences(outcome.out, "\n") == 3);
  CHECK_THAT(outcome.out,
             ContainsSubstring("         1       4       0 ") && ContainsSubstring("  yes      4\n"));
}

TEST_CASE("the options of deaths are checked all at once") {
  const Outcome outcome =
      run({.program = RANKMESH_BRINGUP,
           .parts = {{2, "--kill-rank 2,1,1,x --spares 2 --place --backend nccl --format json"}}});
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("--spares: 2 is above 1"));
  CHECK_THAT(outcome.err, ContainsSubstring("--kill-rank: '2' is no process of this job; they are 0 .. 1"));
  CHECK_THAT(outcome.err, ContainsSubstring("--kill-rank: 'x' is no process of this job"));
  CHECK_THAT(outcome.err, ContainsSubstring("--kill-rank names 1 twice; a process dies once"));
  CHECK_THAT(outcome.err, ContainsSubstring("--place has no effect with --kill-rank; leave it out"));
  CHECK_THAT(outcome.err, ContainsSubstring("--kill-rank needs --backend mpi"));
  CHECK_THAT(lose_processes(2, "--spares 1").err, ContainsSubstring("--spares needs --kill-rank"));
}
