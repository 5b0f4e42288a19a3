// rankmesh-bringup with ranks that never answer: the others name them and end the job.

#include <sys/stat.h>

#include "job.hpp"

using namespace rankmesh::tests;

namespace {

/// A program that runs rankmesh-bringup with an input on which nobody writes: a process that reads it blocks.
std::string with_silent_input(const TemporaryFolder& folder) {
  const std::string pipe = folder.file("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  // Opened for writing too, because opening it for reading alone would block the shell.
  const std::string program =
      folder.write("bringup.sh", "#!/bin/sh\nexec " RANKMESH_BRINGUP " \"$@\" 0<>" + pipe + "\n");
  REQUIRE(chmod(program.c_str(), 0700) == 0);
  return program;
}

/// Checks that a job ended with one message, which begins like this.
void check_named(const Outcome& outcome, const std::string& message) {
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(occurrences(outcome.err, "rankmesh-bringup: ") == 1);
  CHECK(occurrences(outcome.err, "rankmesh-bringup: " + message) == 1);
  CHECK(outcome.left_over == 0);
}

Outcome bring_up_with(const std::string& fault, const std::string& options = "") {
  return run({.program = RANKMESH_FAULTY_BRINGUP,
              .parts = {{4, "--tp 2 --deadline 2 " + options}},
              .environment = {"RANKMESH_TEST_MPI_FAULT=" + fault}});
}

}  // namespace

TEST_CASE("silent: a rank whose layout blocks is named") {
  const TemporaryFolder folder;
  const std::string program = with_silent_input(folder);
  // Rank 0 collects reports, rank 1 stands in for it.
  for (const int rank : {0, 1, 2}) {
    CAPTURE(rank);
    std::vector<Job::Part> parts;
    if (rank > 0) parts.push_back({rank, "--deadline 2"});
    parts.push_back({1, "--deadline 2 --layout -", program});
    parts.push_back({3 - rank, "--deadline 2"});
    check_named(run({.program = RANKMESH_BRINGUP, .parts = parts}),
                "deadline missed at step reading the command line: rank " + std::to_string(rank) +
                    " had come, but had not finished within ");
  }
}

TEST_CASE("silent: NCCL options that block are like a layout that does") {
  const TemporaryFolder folder;
  const std::string options = "--deadline 2 --backend nccl --nccl-options -";
  const Outcome outcome = run(
      {.program = RANKMESH_BRINGUP, .parts = {{2, "--deadline 2"}, {1, options, with_silent_input(folder)}}});
  if (outcome.err.find("built without a reader of YAML files") != std::string::npos) return;
  check_named(outcome, "deadline missed at step reading the command line: rank 2 had come");
}

TEST_CASE("silent: a mistake on one rank does not wait for a layout that blocks on another") {
  const TemporaryFolder folder;
  const Outcome outcome = run({.program = RANKMESH_BRINGUP,
                               .parts = {{1, "--deadline 80"},
                                         {1, "--deadline 80 --layout -", with_silent_input(folder)},
                                         {1, "--deadline 80 --tp two --pp x"}},
                               .time_limit_seconds = 60});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(occurrences(outcome.err,
                    "rankmesh-bringup: --tp: tensor = two is not a whole number\n"
                    "rankmesh-bringup: --pp: pipeline = x is not a whole number\n") == 1);
  CHECK(outcome.left_over == 0);
}

TEST_CASE("silent: a mistake on one rank does not wait for a process that is not rankmesh-bringup") {
  const Outcome outcome = run({.program = RANKMESH_BRINGUP,
                               .parts = {{1, "--deadline 80 --tp two"},
                                         {1, "--deadline 80"},
                                         {.processes = 1, .program = RANKMESH_FOREIGNER}},
                               .time_limit_seconds = 60});
  CHECK(outcome.exit_code == 2);
  CHECK(occurrences(outcome.err, "tensor = two is not a whole number") == 1);
  CHECK(outcome.left_over == 0);
}

TEST_CASE("silent: a process that is not rankmesh-bringup is named") {
  for (const int rank : {0, 1, 3}) {
    CAPTURE(rank);
    const TemporaryFolder folder;
    std::vector<Job::Part> parts;
    if (rank > 0) parts.push_back({rank, "--deadline 2"});
    parts.push_back({.processes = 1, .program = RANKMESH_FOREIGNER});
    if (rank < 3) parts.push_back({3 - rank, "--deadline 2"});
    const Outcome outcome = run({.program = RANKMESH_BRINGUP, .parts = parts});
    check_named(outcome, "deadline missed at step reading the command line: rank " + std::to_string(rank) +
                             " did not arrive within ");
  }
}

TEST_CASE("silent: a rank that is stopped while it reads is told from one that reads") {
  const TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  // More than a pipe holds can be written to it only when the program reads.
  const std::string script = folder.write(
      "stop.sh", "{ exec 3>" + pipe +
                     "; head -c 200000 /dev/zero >&3; kill -STOP $$; while kill -0 $$; do sleep 0.1; done; } "
                     ">/dev/null 2>&1 &\n"
                     "exec " RANKMESH_BRINGUP " --deadline 4 --layout - <" +
                     pipe + "\n");
  const Outcome outcome = run({.program = RANKMESH_BRINGUP,
                               .parts = {{2, "--deadline 4"}, {.processes = 1, .program = "sh " + script}}});
  check_named(outcome, "deadline missed at step reading the command line: rank 2 did not arrive within ");
}

TEST_CASE("silent: processes that are all stopped together beyond the deadline end alike when they go on") {
  const TemporaryFolder folder;
  const std::string program = with_silent_input(folder);
  // A child of the process that blocks is none of mpiexec: it goes on.
  const std::string script = folder.write(
      "freeze.sh",
      "signal_all() { kill -$1 $(awk -v parent=$PPID '$4 == parent { print $1 }' /proc/[0-9]*/stat); }\n"
      "{ sleep 1; signal_all STOP; sleep 21; signal_all CONT; } >/dev/null 2>&1 &\n"
      "exec " +
          program + " --deadline 2 --layout -\n");
  const Outcome outcome =
      run({.program = RANKMESH_BRINGUP,
           .parts = {{1, "--deadline 2"}, {.processes = 1, .program = "sh " + script}, {2, "--deadline 2"}}});
  check_named(
      outcome,
      "deadline missed at step reading the command line: rank 1 had come, but had not finished within ");
}

TEST_CASE("silent: ranks with different deadlines are refused") {
  const Outcome outcome = run({.program = RANKMESH_BRINGUP, .parts = {{1, "--deadline 20"}, {2, ""}}});
  CHECK(outcome.exit_code == 1);
  CHECK(occurrences(outcome.err,
                    "rankmesh-bringup: the ranks do not agree on 1 field:\n"
                    "  --deadline = 20 on rank 0, 300 on ranks 1-2\n") == 1);
}

TEST_CASE("silent: a rank that is stopped before it reads or agrees is named") {
  check_named(bring_up_with("stop:3:MPI_Comm_rank:1"),
              "deadline missed at step reading the command line: rank 3 did not arrive within ");
  check_named(bring_up_with("stop:3:MPI_Comm_rank:3"),
              "deadline missed at step agreement: rank 3 did not arrive within ");
}

TEST_CASE("silent: a rank that is stopped while times are compared is named") {
  const Outcome outcome = bring_up_with("stop:3:MPI_Allreduce:1");
  check_named(outcome, "rank ");
  CHECK_THAT(outcome.err, ContainsSubstring("is stuck in MPI_Allreduce at step times"));
}

TEST_CASE("silent: a rank that is stopped in a proof is named") {
  const Outcome outcome = bring_up_with("stop:3:MPI_Iallreduce:1");
  check_named(outcome, "deadline missed at step proof of data members: rank 3 did not arrive within ");
}

TEST_CASE("silent: a rank that is stopped after the report is named") {
  const Outcome outcome = bring_up_with("stop:3:MPI_Comm_free:1");
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.out, ContainsSubstring("every communicator holds its group, in order"));
  CHECK(occurrences(outcome.err, "rankmesh-bringup: ") == 1);
  const bool is_named =
      occurrences(outcome.err, "deadline missed at step end: rank 3 did not arrive within ") == 1 ||
      occurrences(outcome.err, "no answer from rank 3;") == 1;
  CHECK(is_named);
  CHECK(outcome.left_over == 0);
}

TEST_CASE("silent: a rank that hangs in a call is alive, and so are the others") {
  struct Call {
    std::string name;
    std::string meeting;
  };
  for (const Call& call : {Call{"MPI_Allreduce", "proof of data members"}, Call{"MPI_Comm_free", "end"}}) {
    const std::string step = call.name == "MPI_Comm_free" ? "close" : "times";
    const Outcome outcome = bring_up_with("hang:3:" + call.name + ":1");
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == 1);
    CHECK(occurrences(outcome.err, "no answer from") == 0);
    CHECK(occurrences(outcome.err, "did not arrive") == 0);
    CHECK_THAT(outcome.err, ContainsSubstring(call.name + " at step " + step));
    // The ranks that have left the call wait at the next step.
    const bool names_next_step = occurrences(outcome.err, "deadline missed at step " + call.meeting) == 1;
    CHECK((names_next_step || occurrences(outcome.err, "all ranks are alive") == 1));
    CHECK(outcome.left_over == 0);
  }
}

TEST_CASE("silent: a rank that is stopped in MPI_Finalize ends all processes") {
  for (const int rank : {0, 3}) {
    CAPTURE(rank);
    // The mpiexec of Open MPI 4.1.4 itself sometimes hangs after all processes of such a job have ended.
    const Outcome outcome =
        run({.program = RANKMESH_FAULTY_BRINGUP,
             .parts = {{4, "--tp 2 --deadline 2"}},
             .environment = {"RANKMESH_TEST_MPI_FAULT=stop:" + std::to_string(rank) + ":MPI_Finalize:1"},
             .time_limit_seconds = 30});
    CHECK(outcome.exit_code != 0);
    CHECK_THAT(outcome.out, ContainsSubstring("every communicator holds its group, in order"));
    // mpiexec lets a stopped process run on for a moment, which then prints too.
    CHECK(occurrences(outcome.err, "MPI_Finalize has not returned within 2.0 s") >= 1);
    CHECK(outcome.left_over == 0);
  }
}

TEST_CASE("silent: bad input ends the job although a rank is stopped at its end") {
  const Outcome outcome = bring_up_with("stop:3:MPI_Comm_rank:3", "--pp two");
  CHECK(outcome.exit_code == 1);
  CHECK(occurrences(outcome.err, "pipeline = two is not a whole number\n") == 1);
  CHECK(occurrences(outcome.err, "deadline missed at step exit code: rank 3 did not arrive within ") == 1);
  CHECK(outcome.left_over == 0);
}

TEST_CASE("silent: a rank that is killed ends the job") {
  for (const char* call :
       {"MPI_Comm_rank:1", "MPI_Comm_rank:3", "MPI_Iallreduce:1", "MPI_Comm_free:1", "MPI_Finalize:1"}) {
    const Outcome outcome = bring_up_with(std::string("kill:3:") + call);
    CHECK(outcome.exit_code != 0);
    CHECK(outcome.left_over == 0);
  }
}

TEST_CASE("silent: the surviving ranks name a rank that was killed") {
  if (!mpiexec_can_survive_a_rank()) return;
  struct Death {
    std::string call;
    std::string message;
  };
  for (const Death& death :
       {Death{"MPI_Comm_rank:1", "deadline missed at step reading the command line: rank 3 did not arrive"},
        Death{"MPI_Comm_rank:3", "deadline missed at step agreement: rank 3 did not arrive"},
        Death{"MPI_Iallreduce:1", "deadline missed at step proof of data members: rank 3 did not arrive"},
        Death{"MPI_Comm_free:1", "deadline missed at step end: rank 3 did not arrive"}}) {
    const TemporaryFolder folder;
    const Outcome outcome = run({.program = RANKMESH_FAULTY_BRINGUP,
                                 .parts = {{4, "--tp 2 --deadline 2"}},
                                 .environment = {"RANKMESH_TEST_MPI_FAULT=kill:3:" + death.call},
                                 .runs_on = true,
                                 // Files by rank, because mpiexec may lose output of the survivors.
                                 .errors_by_rank = folder.path()});
    CHECK(outcome.left_over == 0);
    int speakers = 0;
    for (int rank = 0; rank < 3; ++rank) {
      const std::string err = folder.read(std::to_string(rank));
      CAPTURE(death.call, rank, err);
      const int times = occurrences(err, "rankmesh-bringup: " + death.message);
      CHECK(times <= 1);
      CHECK(occurrences(err, "rankmesh-bringup: ") == times);
      speakers += times;
    }
    CHECK(speakers >= 1);
  }
}
