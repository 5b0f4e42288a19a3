// Ranks that die or hang while the others are inside MPI: see rankmesh/mpi/watchdog.hpp.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "support/catch.hpp"

using namespace rankmesh::tests;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

/// A folder that is gone at the end.
struct Folder {
  Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "rankmesh-stuck-XXXXXX";
    path = mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }

  std::string path;
};

/// Whether survivors of a rank that was killed go on: Open MPI has an option for that.
bool survivors_go_on() {
  return std::system(RANKMESH_MPIEXEC " 1 --enable-recovery true >/dev/null 2>&1") == 0;
}

/// What the ranks of a job wrote, by rank; nothing of a rank that was killed.
std::map<int, std::string> run(int size, const std::string& arguments, const std::string& arrivals = "once") {
  const Folder folder;
  // The launcher's exit code says nothing: ranks end without MPI_Finalize.
  const std::string command = "timeout 50 " RANKMESH_MPIEXEC " " + std::to_string(size) +
                              " --enable-recovery " RANKMESH_JOB " " + folder.path + " " + arguments + " " +
                              arrivals + " >/dev/null 2>&1";
  static_cast<void>(std::system(command.c_str()));
  std::map<int, std::string> result;
  for (int rank = 0; rank < size; ++rank) {
    std::ifstream file(folder.path + "/" + std::to_string(rank));
    if (file) result[rank] = {std::istreambuf_iterator<char>(file), {}};
  }
  return result;
}

}  // namespace

TEST_CASE("a job in which nothing happens makes everything, with and without threads") {
  if (!survivors_go_on()) return;
  for (const std::string threads : {"single", "multiple"}) {
    for (const std::string arrivals : {"once", "each"}) {
      const auto said = run(4, threads + " nowhere kill 0", arrivals);
      CHECK(said.size() == 4);
      for (const auto& [rank, text] : said) CHECK(text == "made everything");
    }
  }
}

TEST_CASE("a rank that dies inside a call is found by the liveness probe") {
  if (!survivors_go_on()) {
    WARN("not tested: mpiexec has no --enable-recovery");
    return;
  }
  for (const int dead : {0, 1, 3}) {
    CAPTURE(dead);
    const auto said = run(4, "multiple in kill " + std::to_string(dead));
    CHECK(said.size() == 3);
    for (const auto& [rank, text] : said) {
      CHECK(rank != dead);
      CHECK_THAT(text, StartsWith("rank " + std::to_string(rank) +
                                  " is stuck in MPI_Comm_create_group at step data, "));
      CHECK_THAT(text, EndsWith(": no answer from rank " + std::to_string(dead) +
                                "; look at the output of that rank"));
    }
  }
}

TEST_CASE("a rank that hangs inside a call is alive, and that is said") {
  if (!survivors_go_on()) return;
  const auto said = run(3, "multiple in hang 1");
  CHECK(said.size() == 3);
  for (const auto& [rank, text] : said) {
    CHECK_THAT(text, EndsWith("all ranks are alive and have entered the step; look at the output of each"));
  }
}

TEST_CASE("a rank whose call fails while others wait in it says why, to all of them") {
  if (!survivors_go_on()) return;
  const auto said = run(4, "multiple in fail 2");
  CHECK(said.size() == 4);
  for (const auto& [rank, text] : said) {
    CHECK_THAT(text, ContainsSubstring("rank 2: MPI_Comm_create_group failed"));
    if (rank == 2) continue;
    CHECK_THAT(text, ContainsSubstring("is stuck in MPI_Comm_create_group at step data"));
    CHECK_THAT(text, ContainsSubstring("others have left the call with an error; rank "));
  }
}

TEST_CASE("rank 0 need not wait when its call fails: it says why, and the others name it") {
  if (!survivors_go_on()) return;
  auto said = run(4, "multiple in fail 0");
  CHECK(said.size() == 4);
  CHECK_THAT(said[0], ContainsSubstring("\n  rank 0: MPI_Comm_create_group failed"));
  said.erase(0);
  for (const auto& [rank, text] : said) CHECK_THAT(text, ContainsSubstring(": no answer from rank 0; "));
}

TEST_CASE("without threads in MPI a stuck call is reported all the same, and what is not known is said") {
  if (!survivors_go_on()) return;
  const auto said = run(3, "single in kill 2");
  CHECK(said.size() == 2);
  for (const auto& [rank, text] : said) {
    CHECK_THAT(text, ContainsSubstring("is stuck in MPI_Comm_create_group at step data"));
    CHECK_THAT(text, EndsWith("since MPI was initialised without MPI_THREAD_MULTIPLE"));
  }
}

TEST_CASE("a rank that dies between two calls is found by the liveness probe") {
  if (!survivors_go_on()) return;
  for (const int dead : {0, 2, 5}) {
    CAPTURE(dead);
    const auto said = run(6, "multiple before kill " + std::to_string(dead));
    CHECK(said.size() == 5);
    for (const auto& [rank, text] : said) {
      CHECK_THAT(text, ContainsSubstring("is stuck in MPI_Comm_create_group at step data, "));
      CHECK_THAT(text, EndsWith(": no answer from rank " + std::to_string(dead) +
                                "; look at the output of that rank"));
    }
  }
}

TEST_CASE(
    "with arrivals before each step, a rank that dies between two is named in the error of all others") {
  if (!survivors_go_on()) return;
  for (const int dead : {0, 1, 2, 5}) {
    CAPTURE(dead);
    const auto said = run(6, "single before kill " + std::to_string(dead), "each");
    CHECK(said.size() == 5);
    for (const auto& [rank, text] : said) {
      CHECK_THAT(text, StartsWith("deadline missed at step data: rank " + std::to_string(dead) +
                                  " did not arrive within "));
    }
  }
}
