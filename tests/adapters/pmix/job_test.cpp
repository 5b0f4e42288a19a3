// Jobs of processes that do not initialise MPI, started by an mpiexec with PMIx.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/mpi_job.hpp"

using namespace rankmesh::tests;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

using Said = std::map<int, std::string>;

/// Starts a job, and returns what its ranks wrote, by rank. A rank that was killed writes nothing.
Said run(int size, const std::string& arguments, const std::vector<std::string>& environment = {},
         const std::string& program = RANKMESH_PMIX_JOB) {
  const TemporaryFolder folder;
  // The exit code is not checked: where a process dies, it is not 0.
  rankmesh::tests::run({.program = program,
                        .parts = {{size, folder.path() + " " + arguments}},
                        .environment = environment,
                        .runs_on = true,
                        .time_limit_seconds = 60});
  Said said;
  for (int rank = 0; rank < size; ++rank) {
    const std::string name = std::to_string(rank);
    if (std::filesystem::exists(folder.file(name))) said[rank] = folder.read(name);
  }
  return said;
}

/// Whether this mpiexec has PMIx. Skips the test case if not.
bool has_pmix() {
  const Said said = run(1, "probe");
  if (said.contains(0) && said.at(0) == "PMIx") return true;
  skip("this mpiexec has no PMIx");
  return false;
}

/// Whether one process can die, too.
bool has_pmix_and_survives() {
  return has_pmix() && mpiexec_can_survive_a_rank();
}

/// Two daemons of Open MPI on this machine, as on two nodes: the shell that starts the second one starts it
/// here.
class TwoNodes {
 public:
  explicit TwoNodes(int processes_each) {
    static_cast<void>(folder_.write("shell", "#!/bin/sh\nshift\nexec sh -c \"$*\"\n"));
    std::filesystem::permissions(folder_.file("shell"), std::filesystem::perms::owner_all);
    const std::string slots = " slots=" + std::to_string(processes_each) + "\n";
    static_cast<void>(folder_.write("hosts", "node1" + slots + "node2" + slots));
  }

  [[nodiscard]] std::vector<std::string> environment() const {
    return {"OMPI_MCA_plm_rsh_agent=" + folder_.file("shell"),
            "OMPI_MCA_orte_default_hostfile=" + folder_.file("hosts"), "OMPI_MCA_oob_tcp_if_include=lo",
            "OMPI_MCA_rmaps_base_oversubscribe=0"};
  }

 private:
  TemporaryFolder folder_;
};

void check_all_say(const Said& said, int size, const std::string& text) {
  CHECK(static_cast<int>(said.size()) == size);
  for (const auto& [rank, one] : said) {
    CAPTURE(rank);
    CHECK(one == text);
  }
}

void check_agreements(const Said& said, int size) {
  const std::string agreed = "agreed on 1 steps\n";
  const std::string most = size == 2 ? "rank 0" : "ranks 0-" + std::to_string(size - 2);
  std::string all = agreed + "the ranks do not agree on 1 field:\n  tensor = 1 on " + most + ", 7 on rank " +
                    std::to_string(size - 1) + "\nstart every rank with the same configuration\n";
  for (int i = 0; i < 6; ++i) all += agreed;
  all += "the layout does not fit the job of " + std::to_string(size) +
         " ranks:\n  world_size = " + std::to_string(size + 1) + "; it must be " + std::to_string(size) +
         "\nstart as many ranks as the layout needs, or change the layout\n";
  check_all_say(said, size, all);
}

/// Checks that all ranks but one end with the same error, which names that one.
void check_all_name(const Said& said, int size, int missing) {
  CHECK(static_cast<int>(said.size()) == size - 1);
  const std::string& first = said.begin()->second;
  CHECK_THAT(first, StartsWith("deadline missed at step agreement: rank " + std::to_string(missing) +
                               " did not arrive within "));
  for (const auto& [rank, text] : said) {
    CHECK(rank != missing);
    CHECK(text == first);
  }
}

/// What a rank said, with another device.
std::string with_device(std::string text, int before, int after) {
  const std::string line = "device " + std::to_string(before) + "\n";
  REQUIRE(text.starts_with(line));
  for (std::size_t at = 0; (at = text.find(line, at)) != std::string::npos; at += line.size()) {
    text[at + 7] = static_cast<char>('0' + after);
  }
  return text;
}

}  // namespace

TEST_CASE("ranks agree, disagree and agree again, without MPI") {
  if (!has_pmix()) return;
  for (const int size : {2, 3, 8}) {
    CAPTURE(size);
    check_agreements(run(size, "agree"), size);
  }
}

TEST_CASE("NCCL communicators are those that MPI brings up") {
  if (!has_pmix()) return;
  for (const int size : {1, 2, 4}) {
    CAPTURE(size);
    const Said over_pmix = run(size, "groups");
    const Said over_mpi = run(size, "groups", {}, RANKMESH_MPI_JOB);
    CHECK(static_cast<int>(over_pmix.size()) == size);
    for (const auto& [rank, text] : over_mpi) {
      CAPTURE(rank);
      const std::string refused =
          "the NCCL options have 3 problems:\n"
          "  strategy mpi_split needs a job that is brought up over MPI\n"
          "  host_communicators needs a job that is brought up over MPI\n"
          "  lazy needs a job that is brought up over MPI\n";
      CHECK_THAT(text, StartsWith("device 0\n") || StartsWith("device " + std::to_string(rank) + "\n"));
      CHECK(over_pmix.at(rank) == text + refused);
    }
  }
}

TEST_CASE("a rank that is silent is named by all others") {
  if (!has_pmix()) return;
  Said said = run(4, "silent 3");
  said.erase(3);
  check_all_name(said, 4, 3);
}

TEST_CASE("a rank that was stopped is named by all others") {
  if (!has_pmix_and_survives()) return;
  check_all_name(run(4, "stop 0"), 4, 0);
}

TEST_CASE("a rank that was killed is named by all others") {
  if (!has_pmix_and_survives()) return;
  for (const int dead : {0, 2}) {
    CAPTURE(dead);
    check_all_name(run(4, "kill " + std::to_string(dead)), 4, dead);
  }
}

TEST_CASE("a rank that comes late gets the error of the others") {
  if (!has_pmix()) return;
  for (const int late : {0, 3}) {
    CAPTURE(late);
    Said said = run(4, "late " + std::to_string(late));
    CHECK(said.size() == 4);
    CHECK(said[late] == said[(late + 1) % 4]);
    said.erase(late);
    check_all_name(said, 4, late);
  }
}

TEST_CASE("a rank that skipped a session is told, and meets the others in the next") {
  if (!has_pmix()) return;
  const Said said = run(3, "skipped 2");
  CHECK(said.size() == 3);
  for (const auto& [rank, text] : said) {
    CAPTURE(rank);
    CHECK(text == said.at(0));
    CHECK_THAT(text, StartsWith("deadline missed at step agreement: rank 2 did not arrive within "));
    CHECK_THAT(text, EndsWith("\nagreed on 1 steps\n"));
  }
}

TEST_CASE("a rank that dies or is stopped after the agreement is named by all others") {
  if (!has_pmix_and_survives()) return;
  for (const std::string how : {"kill-later 3", "stop-later 1"}) {
    CAPTURE(how);
    const Said said = run(4, how);
    const std::string name = "rank " + how.substr(how.size() - 1);
    CHECK(said.size() == 3);
    for (const auto& [rank, text] : said) {
      CAPTURE(rank);
      CHECK(text == said.begin()->second);
      CHECK_THAT(text, ContainsSubstring(name + " "));
      for (int other = 0; other < 4; ++other) {
        const std::string alive = "rank " + std::to_string(other);
        if (alive != name)
          CHECK_THAT(text, !ContainsSubstring("from " + alive) && !ContainsSubstring(": " + alive + " did"));
      }
    }
  }
}

TEST_CASE("processes of two nodes") {
  if (!has_pmix()) return;
  const TwoNodes nodes(2);
  const Said places = run(4, "agree", nodes.environment());
  if (places.empty()) return skip("this mpiexec starts no second daemon on this machine");
  check_agreements(places, 4);
  std::vector<std::string> environment = nodes.environment();
  // For the double, all processes are on one host.
  environment.insert(environment.end(), {"NCCL_MULTI_RANK_GPU_ENABLE=1", "RANKMESH_DOUBLE_DEVICES=2"});
  const Said groups = run(4, "groups", environment);
  const Said on_one_node = run(4, "groups", {"RANKMESH_DOUBLE_DEVICES=4"});
  CHECK(groups.size() == 4);
  for (const auto& [rank, text] : groups) {
    CAPTURE(rank);
    // The number on the node, which is the device.
    CHECK(text == with_device(on_one_node.at(rank), rank, rank % 2));
  }
}
