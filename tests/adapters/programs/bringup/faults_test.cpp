// rankmesh-bringup with faults in MPI.

#include "job.hpp"

using namespace rankmesh::tests;

namespace {

Outcome bring_up(const std::string& fault, const std::string& options) {
  return run({.program = RANKMESH_FAULTY_BRINGUP,
              .parts = {{8, "--tp 2 --pp 2 " + options}},
              .environment = {"RANKMESH_TEST_MPI_FAULT=" + fault}});
}

}  // namespace

TEST_CASE("fault: none") {
  CHECK(bring_up("", "").exit_code == 0);
}

TEST_CASE("fault: members in the wrong order fail every proof of order") {
  const Outcome outcome = bring_up("swap", "--format json");
  CHECK(outcome.exit_code == 1);
  const Json report = Json::parse(outcome.out);
  CHECK(report.at("ok") == false);
  for (const Json& kind : report.at("kinds")) {
    if (kind.at("communicator") == "none") continue;
    CHECK(kind.at("members_proven") == true);
    CHECK(kind.at("order_proven") == false);
  }
  // One sentence for each rank, in the order of the kinds.
  CHECK(report.at("failures").front() ==
        "data group 0 should be [0, 2], but the communicator holds [2, 0] and has rank 0 at position 1");
  CHECK(occurrences(report.at("failures").dump(), "\"tensor group ") == 8);
}

TEST_CASE("fault: groups with other members fail the proof of members") {
  const Outcome outcome = bring_up("mix", "");
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.out,
             ContainsSubstring("tensor                    4      2  made                        FAILED"));
  CHECK_THAT(outcome.out,
             ContainsSubstring("  tensor group 0 should have the members [0, 1], but the communicator "
                               "of rank 0 has other members, 2 in number\n"));
}

TEST_CASE("fault: a collective that fails on one rank fails the proof and ends the wait of the others") {
  const Outcome outcome = bring_up("refuse:5", "--deadline 80");
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.out,
             ContainsSubstring("1 failed proof:\n  proof of data members could not be carried out on rank 5: "
                               "MPI_Iallreduce failed: "));
  CHECK_THAT(outcome.out, ContainsSubstring("FAILED   untried"));
  CHECK(outcome.left_over == 0);
}

TEST_CASE("fault: the message distinguishes a rank that hangs in a proof from a rank that waits for it") {
  const Outcome outcome = bring_up("silent:6", "--deadline 2");
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(occurrences(
            outcome.err,
            "rankmesh-bringup: deadline missed at step proof of data members: rank 6 did not arrive") == 1);
  CHECK(occurrences(outcome.err, ", and rank 4 had not finished") == 1);
  CHECK(outcome.left_over == 0);
}

TEST_CASE("fault: a process that stops in a call ends the job, and the message names it") {
  const Outcome outcome = bring_up("stop:3:MPI_Comm_create_group:2", "--deadline 2");
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(occurrences(outcome.err, "rankmesh-bringup: ") == 1);
  // Ranks that wait for it inside MPI cannot answer either.
  const bool is_named = occurrences(outcome.err, "rank 3 did not arrive") == 1 ||
                        occurrences(outcome.err, "ranks 2-3 and 6-7 did not arrive") == 1 ||
                        occurrences(outcome.err, "at step model, ") == 1;
  CHECK(is_named);
  CHECK(outcome.left_over == 0);
}

TEST_CASE("a program that was built without NCCL says how to build it with NCCL") {
  const Outcome outcome = bring_up("", "--backend nccl --strategy none");
  CHECK(outcome.exit_code == 2);
  CHECK(occurrences(outcome.err,
                    "--backend nccl: this program was built without NCCL; build it with cmake "
                    "-DRANKMESH_NCCL=ON") == 1);
  CHECK_THAT(outcome.err, ContainsSubstring("none"));
}
