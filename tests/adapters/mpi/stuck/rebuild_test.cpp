// Jobs that lose processes and go on: see rankmesh/mpi/job.hpp. Each case starts real processes.
#include <set>
#include <string>
#include <vector>

#include "rebuild_outcome.hpp"

using namespace rankmesh::tests;

TEST_CASE("nobody is lost: the same layout with the same communicators") {
  check_end(run(4, "--deaths 99"), 4, {}, 1, "ranks 4 lost no rank", {{0, "data=0+2 model=0+1"}});
}

TEST_CASE("without a spare the replica of a lost process is dropped, and its other process is idle") {
  if (!mpiexec_can_survive_a_rank()) return;
  check_end(run(8, "--deaths 3"), 8, {3}, 1, "ranks 6 lost rank 3",
            {{0, "data=0+4+6 model=0+1"}, {2, "idle"}, {7, "data=1+5+7 model=6+7"}});
}

TEST_CASE("a spare takes the place of a lost process, whoever it is and however it leaves") {
  if (!mpiexec_can_survive_a_rank()) return;
  const std::vector<std::string> ways = {"kill", "exit"};
  for (const int lost : {0, 1, 3, 7}) {
    for (const std::string& how : ways) {
      if (!all_cases() && how == "exit" && lost != 3) continue;
      CAPTURE(lost, how);
      const std::string name = std::to_string(lost);
      const Said said = run(9, "--spares 1 --deaths " + name + " --how " + how);
      const int mate = lost ^ 1;
      const std::string model = lost < mate ? "8+" + std::to_string(mate) : std::to_string(mate) + "+8";
      std::string data;
      for (int process = lost % 2; process < 8; process += 2) {
        data += (data.empty() ? "" : "+") + std::to_string(process == lost ? 8 : process);
      }
      check_end(said, 9, {lost}, 1, "ranks 8 lost rank " + name, {{8, "data=" + data + " model=" + model}});
    }
  }
}

TEST_CASE("a process that has closed its communicators before the rebuild gets new ones, and others too") {
  if (!mpiexec_can_survive_a_rank()) return;
#ifdef RANKMESH_JOB_OF_NCCL
  const std::string attempts = "1";  // the members of each group agree on what they keep
#else
  // With ULFM the first attempt keeps nothing.
  const bool may_keep = !mpiexec_has(fault_tolerance_option);
  const std::string attempts = may_keep ? "2" : "1";
#endif
  const Said said = run(9, "--spares 1 --deaths 3 --lost named --closes 6");
  check_end(said, 9, {3}, 1, "ranks 8 lost rank 3 attempts " + attempts,
            {{6, "data=0+2+4+6 model=6+7"}, {8, "data=1+8+5+7 model=2+8"}});
}

TEST_CASE("after an error of a rebuild, the job can only be destroyed") {
  if (!mpiexec_can_survive_a_rank()) return;
  for (const auto& [process, text] : run(2, "--deaths 1 --lost named --goes-on yes").errors) {
    CHECK(process == 0);
    CHECK_THAT(text, ContainsSubstring("a rebuild of process 0 has failed"));
  }
}

TEST_CASE("processes that are known to be lost are not waited for, also if they led the job") {
  if (!mpiexec_can_survive_a_rank()) return;
  check_end(run(10, "--spares 2 --deaths 0+1,2,9 --lost named"), 10, {0, 1, 2, 9}, 3, "ranks 6 lost rank 9",
            {{3, "data=3+5+7 model=8+3"}, {8, "data=8+4+6 model=8+3"}});
}

TEST_CASE("a process that was stopped and comes back is told that the others go on without it") {
  if (!mpiexec_can_survive_a_rank()) return;
  for (const std::string lost : {"0", "3"}) {
    CAPTURE(lost);
    const Said said = run(9, "--spares 1 --how pause --deaths " + lost);
    check_end(said, 9, {std::stoi(lost)}, 1, "ranks 8 lost rank " + lost, {});
    CHECK(said.errors.size() == 1);
    for (const auto& [process, error] : said.errors) {
      CHECK(std::to_string(process) == lost);
      CHECK_THAT(error, ContainsSubstring("was declared lost"));
    }
  }
}

TEST_CASE("a process that dies during the rebuild starts it again, without both") {
  if (!mpiexec_can_survive_a_rank()) return;
  // Before the first communicator is made, and between two. The spare, which is in new groups; the first
  // process, which leads; and one whose communicators are all kept.
  for (const std::string step : {"1", "2"}) {
    for (const std::string inside : {"8", "0", "6"}) {
      if (!all_cases() && (step == "2") != (inside == "8")) continue;
      CAPTURE(step, inside);
      const Said said = run(10, "--spares 2 --deaths 3 --lost named --step " + step + " --inside " + inside);
      check_end(said, 10, {3, std::stoi(inside)}, 1,
                "ranks 8 lost ranks " + std::string(inside == "0" ? "0 and 3" : "3 and " + inside), {});
    }
  }
}

TEST_CASE("with less than half of the processes left, all of them end with one error") {
  if (!mpiexec_can_survive_a_rank()) return;
  check_end(run(8, "--deaths 1+2+3+4 --lost named"), 8, {1, 2, 3, 4}, 1, "ranks 4 lost ranks 1-4",
            {{0, "data=0+6 model=0+5"}});
  const Said said = run(8, "--deaths 0+2+3+4 --lost named");
  CHECK(said.finished.empty());
  CHECK(said.errors.size() == 4);
  for (const auto& [process, error] : said.errors) {
    CHECK_THAT(error, ContainsSubstring("only 4 of 8 processes of generation 0 are left (ranks 1 and 5-7)"));
  }
}

TEST_CASE("no replica can be made of what is left: the same error on all") {
  if (!mpiexec_can_survive_a_rank()) return;
  const Said said = run(2, "--deaths 1 --lost named");
  CHECK(said.errors.size() == 1);
  CHECK_THAT(said.errors.at(0), ContainsSubstring("make no replica of 2 ranks"));
}

TEST_CASE("twenty processes die one after another") {
  if (!mpiexec_can_survive_a_rank()) return;
  std::string deaths;
  std::set<int> lost;
  // Both ends of the job, by turns.
  for (int death = 0; death < 20; ++death) {
    const int process = death % 2 == 0 ? death / 2 : 23 - death / 2;
    deaths += (death == 0 ? "" : ",") + std::to_string(process);
    lost.insert(process);
  }
  const Said said = run(24, "--lost named --spares 4 --deaths " + deaths);
  check_end(said, 24, lost, 20, "ranks 4 lost rank 14", {});
  // Nothing is left of a generation that was: as much is held at the end as in the beginning, when there were
  // more communicators.
  for (const int process : {10, 11, 12, 13}) {
    CAPTURE(process);
    for (const std::string held : {"descriptors", "threads"}) {
      CAPTURE(held);
      CHECK(number_behind(held, said.generations.at(20).at(process)) <=
            number_behind(held, said.generations.at(2).at(process)));
    }
  }
}

// The deadline of these is longer than the job may take: MPI has to tell who is lost.

TEST_CASE(
    "with ULFM, processes that wait inside operations come out when one dies, and find out who it was") {
  if (!mpi_tells_of_failures()) return;
  for (const int lost : {0, 3}) {
    CAPTURE(lost);
    const std::string name = std::to_string(lost);
    check_end(run(9, "--spares 1 --works yes --deadline 1000 --deaths " + name), 9, {lost}, 1,
              "ranks 8 lost rank " + name, {});
  }
  check_end(run(12, "--spares 2 --works yes --deadline 1000 --deaths 1,2+5,0,10"), 12, {0, 1, 2, 5, 10}, 4,
            "ranks 6 lost rank 10", {});
}

TEST_CASE("with ULFM, a process that dies during the rebuild is not waited for") {
  if (!mpi_tells_of_failures()) return;
  for (const std::string inside : {"8", "0"}) {
    CAPTURE(inside);
    const Said said = run(10, "--spares 2 --deaths 3 --deadline 1000 --step 2 --inside " + inside);
    check_end(said, 10, {3, std::stoi(inside)}, 1,
              "ranks 8 lost ranks " + std::string(inside == "0" ? "0 and 3" : "3 and 8"), {});
  }
}

TEST_CASE("with ULFM, a process that dies inside a call that makes communicators leaves nobody there") {
  if (!mpi_tells_of_failures()) return;
  for (const std::string inside : {"8", "0", "5"}) {
    CAPTURE(inside);
    const Said said = run(10, "--spares 2 --deaths 3 --deadline 1000 --in-split " + inside);
    check_end(said, 10, {3, std::stoi(inside)}, 1,
              "ranks 8 lost ranks " + std::string(inside == "0" ? "0 and 3" : "3 and " + inside), {});
  }
}
