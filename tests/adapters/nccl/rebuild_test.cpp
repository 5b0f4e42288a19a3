// Which communicators a job of NCCL keeps, shrinks or makes anew when it goes on: with the program of
// tests/adapters/mpi/stuck.
#include <string>

#include "../mpi/stuck/rebuild_outcome.hpp"

using namespace rankmesh::tests;

namespace {

/// How a process came to its communicators.
/// @param made the beginning: how many were made
/// @param kept kinds that still have their handle
void check_made(const Said& said, int generation, int process, const std::string& made,
                const std::vector<std::string>& kept = {}) {
  CAPTURE(process);
  REQUIRE(said.made.contains(generation));
  REQUIRE(said.made.at(generation).contains(process));
  const std::string& line = said.made.at(generation).at(process);
  CHECK_THAT(line, Catch::Matchers::StartsWith(" " + made));
  for (const std::string& kind : kept) CHECK_THAT(line, ContainsSubstring(" same-" + kind));
}

std::vector<std::string> faults(const std::string& rules) {
  return {"RANKMESH_DOUBLE_FAULTS=" + rules};
}

/// 8 processes, tp = 2; process 3 dies, and process 2 becomes idle.
const std::string dropped = "--deaths 3 --lost named ";
const std::map<int, std::string> members_left = {
    {0, "data=0+4+6 model=0+1"}, {2, "idle"}, {7, "data=1+5+7 model=6+7"}};

}  // namespace

TEST_CASE("with nobody lost, all communicators are kept") {
  const Said said = run(4, "--deaths 99");
  check_end(said, 4, {}, 1, "ranks 4 lost no rank attempts 1", {{0, "data=0+2 model=0+1"}});
  for (int process = 0; process < 4; ++process) {
    check_made(said, 0, process, "inits 2 shrinks 0 live 2 peak 2");
    check_made(said, 1, process, "inits 0 shrinks 0 live 2 peak 2", {"data", "model"});
  }
}

TEST_CASE("with a spare, groups without a lost process keep their communicators") {
  if (!mpiexec_can_survive_a_rank()) return;
  // A name that NCCL keeps a pointer to is read when a communicator is destroyed, generations later.
  const Said said = run(10, "--spares 2 --deaths 3,8 --lost named");
  check_end(said, 10, {3, 8}, 2, "ranks 8 lost rank 8 attempts 1", {{9, "data=1+9+5+7 model=2+9"}});
  for (const int generation : {1, 2}) {
    check_made(said, generation, 0, "inits 0 shrinks 0 live 2 peak 2", {"data", "model"});
    check_made(said, generation, 1, "inits 1 shrinks 0 live 2 peak 2", {"model"});
    check_made(said, generation, 2, "inits 1 shrinks 0 live 2 peak 2", {"data"});
  }
  check_made(said, 1, 8, "inits 2 shrinks 0 live 2 peak 2");
  check_made(said, 2, 9, "inits 2 shrinks 0 live 2 peak 2");
}

TEST_CASE("where one member has no working communicator, all members get a new one, and only they") {
  // Process 0 leads its group and process 5 does not.
  for (const int process : {0, 5}) {
    CAPTURE(process);
    const std::string name = std::to_string(process);
    const Said released = run(8, "--deaths 99 --releases " + name);
    check_end(released, 8, {}, 1, "ranks 8 lost no rank attempts 1", {{1, "data=1+3+5+7 model=0+1"}});
    const Said failed = run(8, "--deaths 99 --fails " + name, faults("ncclBroadcast@" + name + "=async:2"));
    check_end(failed, 8, {}, 1, "ranks 8 lost no rank attempts 1", {{1, "data=1+3+5+7 model=0+1"}});
    for (int member = 0; member < 8; ++member) {
      if (member / 2 == process / 2) {
        check_made(released, 1, member, "inits 1 shrinks 0 live 2 peak 2", {"data"});
      } else {
        check_made(released, 1, member, "inits 0 shrinks 0 live 2 peak 2", {"data", "model"});
      }
      if (member % 2 == process % 2) {
        check_made(failed, 1, member, "inits 1 shrinks 0 live 2 peak 2", {"model"});
      } else {
        check_made(failed, 1, member, "inits 0 shrinks 0 live 2 peak 2", {"data", "model"});
      }
    }
  }
}

TEST_CASE("the communicators of a dropped replica's groups are new, or shrunk if the option says so") {
  if (!mpiexec_can_survive_a_rank()) return;
  for (const bool shrinks : {false, true}) {
    CAPTURE(shrinks);
    const Said said = run(8, dropped + (shrinks ? "--shrink yes" : ""));
    check_end(said, 8, {3}, 1, "ranks 6 lost rank 3 attempts 1", members_left);
    for (const int process : {0, 1, 4, 5, 6, 7}) {
      check_made(said, 1, process,
                 shrinks ? "inits 0 shrinks 1 live 2 peak 3" : "inits 1 shrinks 0 live 2 peak 2", {"model"});
    }
    check_made(said, 1, 2, "inits 0 shrinks 0 live 0");
  }
}

TEST_CASE("a member without the communicator to shrink: all members of the group get a new one") {
  if (!mpiexec_can_survive_a_rank()) return;
  const Said said = run(8, dropped + "--shrink yes --closes 7");
  check_end(said, 8, {3}, 1, "ranks 6 lost rank 3 attempts 1", members_left);
  check_made(said, 1, 0, "inits 0 shrinks 1 live 2 peak 3", {"model"});
  check_made(said, 1, 1, "inits 1 shrinks 0 live 2 peak 2", {"model"});
  check_made(said, 1, 6, "inits 1 shrinks 1 live 2");
  check_made(said, 1, 7, "inits 2 shrinks 0 live 2 peak 2");
}

TEST_CASE("a communicator with an error is not shrunk") {
  if (!mpiexec_can_survive_a_rank()) return;
  const Said said = run(8, dropped + "--shrink yes --fails 7", faults("ncclBroadcast@7=async:6"));
  check_end(said, 8, {3}, 1, "ranks 6 lost rank 3 attempts 1", members_left);
  check_made(said, 1, 0, "inits 0 shrinks 1 live 2 peak 3", {"model"});
  check_made(said, 1, 1, "inits 1 shrinks 0 live 2 peak 2", {"model"});
  check_made(said, 1, 7, "inits 1 shrinks 0 live 2 peak 2", {"model"});
}

TEST_CASE("a shrink that fails or hangs: a second attempt makes all communicators anew") {
  if (!mpiexec_can_survive_a_rank()) return;
  // Refused on all and on one; failing later; hanging since an excluded process has left (nccl#2397); hanging
  // on one, so that the others wait for it.
  for (const std::string rule :
       {"ncclCommShrink@*=error:2", "ncclCommShrink@4=error:2", "ncclCommShrink@5=async:2",
        "ncclCommShrink@*=needs_excluded", "ncclCommShrink@6=hang"}) {
    if (!all_cases() && rule.ends_with("=error:2") && rule.find('4') != std::string::npos) continue;
    CAPTURE(rule);
    const Said said = run(8, dropped + "--shrink yes", faults(rule));
    check_end(said, 8, {3}, 1, "ranks 6 lost rank 3 attempts 2", members_left);
    for (const int process : {0, 1, 4, 5, 6, 7}) {
      check_made(said, 1, process, "inits 2 shrinks 1 live 2");
    }
  }
}

TEST_CASE("a process that dies inside a shrink: the second attempt goes on without it") {
  if (!mpiexec_can_survive_a_rank()) return;
  const Said said = run(8, dropped + "--shrink yes", faults("ncclCommShrink@6=die"));
  check_end(said, 8, {3, 6}, 1, "ranks 6 lost ranks 3 and 6 attempts 2", {{0, "data=0+2+4 model=0+1"}});
  check_made(said, 1, 2, "inits 2 shrinks 0 live 2 peak 2");
}

TEST_CASE("a communicator whose proof fails or hangs: a second attempt makes all of them anew") {
  for (const std::string kind : {"error:2", "async:2", "hang"}) {
    if (!all_cases() && kind == "error:2") continue;
    CAPTURE(kind);
    // All are kept at first.
    const Said said = run(4, "--deaths 99", faults("ncclAllReduce@2#1=" + kind));
    check_end(said, 4, {}, 1, "ranks 4 lost no rank attempts 2", {{0, "data=0+2 model=0+1"}});
    for (int process = 0; process < 4; ++process) {
      check_made(said, 1, process, "inits 2 shrinks 0 live 2 peak 2");
    }
  }
}

TEST_CASE("a process that dies inside a proof: the second attempt goes on without it") {
  if (!mpiexec_can_survive_a_rank()) return;
  const Said said = run(8, dropped, faults("ncclAllReduce@6#2=die"));
  check_end(said, 8, {3, 6}, 1, "ranks 6 lost ranks 3 and 6 attempts 2", {{0, "data=0+2+4 model=0+1"}});
}

#ifdef RANKMESH_REBUILD_JOB_OLD
TEST_CASE("with an NCCL that has no shrink, the communicators are new") {
  if (!mpiexec_can_survive_a_rank()) return;
  const Said said =
      run(8, dropped + "--shrink yes", {"RANKMESH_DOUBLE_NCCL_VERSION=21805"}, RANKMESH_REBUILD_JOB_OLD);
  check_end(said, 8, {3}, 1, "ranks 6 lost rank 3 attempts 1", members_left);
  check_made(said, 1, 0, "inits 1 shrinks 0 live 2 peak 2", {"model"});
}
#endif

TEST_CASE("a process without a device: the same error on all processes, spares too") {
  const Said said = run(4, "--spares 2 --deaths 99", faults("cudaSetDevice@3=error:101"));
  CHECK(said.finished.empty());
  REQUIRE(said.errors.size() == 4);
  for (const auto& [process, error] : said.errors) {
    CAPTURE(process);
    CHECK(error == " step device failed on 1 rank, so it is given up on all:");
  }
}

TEST_CASE("a process that hangs in the choice of a device: the callback is called on all") {
  const Said said = run(4, "--spares 2 --deaths 99 --stuck report", faults("cudaSetDevice@3=hang"));
  CHECK(said.finished.empty());
  REQUIRE(said.errors.size() == 4);
  for (const auto& [process, error] : said.errors) {
    CAPTURE(process);
    CHECK_THAT(error, ContainsSubstring("is stuck in MPI_Comm_split or MPI_Allgather at step device"));
  }
}
