// rankmesh-bringup with faults in NCCL.

#include "bring_up.hpp"

using namespace rankmesh::tests;

namespace {

const std::vector<std::string> strategies{"unique_id", "mpi_split", "nccl_split"};

/// Checks that a job failed with one message and that none of its processes remains.
void check_failed(const Outcome& outcome) {
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(outcome.left_over == 0);
}

}  // namespace

TEST_CASE("fault: an initialisation that fails on one rank ends all, with one message") {
  for (const std::string& strategy : strategies) {
    CAPTURE(strategy);
    const Outcome outcome = bring_up(8, "--tp 2 --deadline 80 --strategy " + strategy, "init@5=error:3");
    check_failed(outcome);
    CHECK(occurrences(outcome.err,
                      "rankmesh-bringup: step initialisation failed on 1 rank, so it is given up on all:\n"
                      "  rank 5: ncclCommInitRankConfig failed") == 1);
    CHECK(occurrences(outcome.err, "given up on all") == 1);
  }
}

TEST_CASE("fault: a unique ID cannot be created") {
  for (const std::string& strategy : strategies) {
    for (const char* blocking : {"", " --blocking"}) {
      CAPTURE(strategy, blocking);
      const Outcome outcome =
          bring_up(8, "--tp 2 --deadline 80 --strategy " + strategy + blocking, "ncclGetUniqueId@0=error:2");
      check_failed(outcome);
      CHECK(occurrences(outcome.err,
                        "failed on 1 rank, so it is given up on all:\n"
                        "  rank 0: ncclGetUniqueId failed") == 1);
    }
  }
}

TEST_CASE("fault: unused unique IDs are reported") {
  const Outcome outcome = bring_up(4, "--tp 2 --deadline 80", "init@3=error:3");
  check_failed(outcome);
  CHECK_THAT(
      outcome.err,
      ContainsSubstring("that no communicator uses; NCCL keeps their resources until the process ends"));
  CHECK_THAT(outcome.err, !ContainsSubstring("rank 3 created"));
}

TEST_CASE("fault: slow splits keep their order on ranks without a group") {
  // The middle stages have no embedding group, so their part of that split ends at once. It must not count as
  // complete while an earlier split is in progress, or a later split overtakes it.
  const Outcome outcome = bring_up(16, "--tp 2 --pp 4 --fp8 --deadline 60 --strategy nccl_split",
                                   "ncclCommSplit@*=slow:125;ncclCommGetAsyncError@*=slow:50");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
}

TEST_CASE("fault: a rank that hangs in a non-blocking call is named") {
  for (const std::string& strategy : strategies) {
    CAPTURE(strategy);
    const Outcome outcome = bring_up(8, "--tp 2 --deadline 2 --strategy " + strategy, "init@3=hang");
    check_failed(outcome);
    // The rank still answers while its call hangs, and so do the ranks that wait for it: its data group, or
    // all ranks if the world has a communicator.
    const std::string who = strategy == "nccl_split" ? "ranks 0-7" : "ranks 1-3, 5 and 7";
    CHECK(occurrences(outcome.err, "rankmesh-bringup: deadline missed at step initialisation: " + who +
                                       " had come, but had not finished within ") == 1);
  }
}

TEST_CASE("fault: a rank that hangs in a blocking call is reported") {
  for (const std::string& strategy : strategies) {
    CAPTURE(strategy);
    const Outcome outcome =
        bring_up(4, "--tp 4 --blocking --deadline 2 --strategy " + strategy, "init@3=hang");
    check_failed(outcome);
    CHECK(occurrences(outcome.err, "rankmesh-bringup: ") == 1);
    CHECK_THAT(outcome.err, ContainsSubstring(" is stuck in ncclCommInitRankConfig at step "));
    CHECK_THAT(outcome.err, ContainsSubstring(": all ranks are alive: ranks 0-3 in "));
  }
}

TEST_CASE("fault: a collective that fails on one rank is a failed proof") {
  for (const char* blocking : {"", " --blocking"}) {
    CAPTURE(blocking);
    const Outcome members =
        bring_up(8, std::string("--tp 2 --pp 2 --deadline 80") + blocking, "ncclAllReduce@5#3=error:3");
    CHECK(members.exit_code == 1);
    CHECK(members.left_over == 0);
    CHECK_THAT(
        members.out,
        ContainsSubstring("1 failed proof:\n  proof of model members could not be carried out on rank 5: "
                          "ncclAllReduce failed: "));
    CHECK_THAT(
        members.out,
        ContainsSubstring("data                      4      2  made                        proven   proven"));
    CHECK_THAT(members.out,
               ContainsSubstring(
                   "model                     2      4  made                        FAILED   untried"));
  }
  const Outcome order = bring_up(8, "--tp 2 --pp 2 --deadline 80 --format json", "ncclAllGather@6=async:3");
  CHECK(order.exit_code == 1);
  const Json report = Json::parse(order.out);
  CHECK(report.at("ok") == false);
  CHECK(kind_named(report, "data").at("members_proven") == true);
  CHECK(kind_named(report, "data").at("order_proven") == false);
  CHECK_THAT(report.at("failures").dump(), ContainsSubstring("on rank 6: "));
}

TEST_CASE("fault: a collective that hangs on one rank misses the deadline") {
  for (const char* blocking : {"", " --blocking"}) {
    CAPTURE(blocking);
    const Outcome outcome =
        bring_up(4, std::string("--tp 2 --deadline 2") + blocking, "ncclAllReduce@3=hang");
    check_failed(outcome);
    CHECK(occurrences(outcome.err,
                      "rankmesh-bringup: deadline missed at step proof of data members: ranks 1 and "
                      "3 had come, but had not finished") == 1);
  }
}

TEST_CASE("fault: the surviving ranks name a process that was killed") {
  if (!mpiexec_can_survive_a_rank()) return;
  struct Death {
    std::string fault;
    std::string message;
  };
  for (const Death& death :
       {Death{"ncclGetVersion@3=die", "deadline missed at step agreement: rank 3 did not arrive"},
        Death{"init@3=die", "deadline missed at step initialisation: rank 3 did not arrive"}}) {
    Job job = nccl_job(8, "--tp 2 --deadline 3", death.fault);
    const TemporaryFolder folder;
    // Files by rank, because mpiexec may lose output of the survivors.
    job.runs_on = true;
    job.errors_by_rank = folder.path();
    const Outcome outcome = run(job);
    CHECK(outcome.left_over == 0);
    CHECK(outcome.out.empty());
    int speakers = 0;
    for (int rank = 0; rank < 8; ++rank) {
      const std::string err = folder.read(std::to_string(rank));
      CAPTURE(death.fault, rank, err);
      // A rank prints the message at most once. The launcher may end a rank before it prints.
      const int times = occurrences(err, "rankmesh-bringup: " + death.message);
      CHECK(times <= (rank == 3 ? 0 : 1));
      CHECK(occurrences(err, "deadline missed") == times);
      speakers += times;
    }
    CHECK(speakers >= 1);
  }
}
