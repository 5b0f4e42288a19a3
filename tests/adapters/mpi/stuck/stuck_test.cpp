// Ranks that die or hang while the others are inside MPI: see rankmesh/mpi/watchdog.hpp.

#include <map>
#include <string>

#include "said.hpp"
#include "support/catch.hpp"

using namespace rankmesh::tests;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

std::map<int, std::string> run(int size, const std::string& arguments, const std::string& arrivals = "once") {
  return rankmesh::tests::said_by_ranks(RANKMESH_JOB, size, arguments + " " + arrivals);
}

}  // namespace

TEST_CASE("a job in which nothing happens makes everything, with and without threads") {
  for (const std::string threads : {"single", "multiple"}) {
    for (const std::string arrivals : {"once", "each"}) {
      const auto said = run(4, threads + " nowhere kill 0", arrivals);
      CHECK(said.size() == 4);
      for (const auto& [rank, text] : said) CHECK(text == "made everything");
    }
  }
}

TEST_CASE("a rank that dies inside a call is named by all others") {
  if (!mpiexec_can_survive_a_rank()) return;
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
  const auto said = run(3, "multiple in hang 1");
  CHECK(said.size() == 3);
  for (const auto& [rank, text] : said) {
    CHECK_THAT(text, EndsWith(": all ranks are alive: ranks 0-2 in MPI_Comm_create_group at step data; "
                              "look at the output of each"));
  }
}

TEST_CASE("a rank whose call fails while others wait in it says why, to all of them") {
  const auto said = run(4, "multiple in fail 2");
  CHECK(said.size() == 4);
  for (const auto& [rank, text] : said) {
    CHECK_THAT(text, ContainsSubstring("rank 2: MPI_Comm_create_group failed"));
    if (rank == 2) continue;
    CHECK_THAT(text, ContainsSubstring("is stuck in MPI_Comm_create_group at step data"));
    CHECK_THAT(text, ContainsSubstring("others have left the call with an error; rank "));
  }
}

TEST_CASE(
    "rank 0 need not wait when its call fails: the others, which are stuck, have its error all the same") {
  auto said = run(4, "multiple in fail 0");
  CHECK(said.size() == 4);
  CHECK_THAT(said[0], ContainsSubstring("\n  rank 0: MPI_Comm_create_group failed"));
  said.erase(0);
  for (const auto& [rank, text] : said) {
    CHECK_THAT(text,
               ContainsSubstring(": others have left the call with an error; rank 0: MPI_Comm_create_group"));
  }
}

TEST_CASE(
    "a rank that is in no call at the deadline is alive, and enters no call that the others have left") {
  for (const int late : {0, 1, 3}) {
    CAPTURE(late);
    auto said = run(4, "multiple before late " + std::to_string(late));
    CHECK(said.size() == 4);
    // An error if the verdict was known when it came to the call, else a report from inside the call.
    CHECK_THAT(said[late], ContainsSubstring("in no call of MPI or NCCL"));
    said.erase(late);
    for (const auto& [rank, text] : said) {
      CHECK_THAT(text, ContainsSubstring(": all ranks are alive: "));
      CHECK_THAT(text, ContainsSubstring("rank " + std::to_string(late) + " in no call of MPI or NCCL"));
    }
  }
}

TEST_CASE("without threads in MPI a stuck call is reported all the same, and what is not known is said") {
  if (!mpiexec_can_survive_a_rank()) return;
  const auto said = run(3, "single in kill 2");
  CHECK(said.size() == 2);
  for (const auto& [rank, text] : said) {
    CHECK_THAT(text, ContainsSubstring("is stuck in MPI_Comm_create_group at step data"));
    CHECK_THAT(text, EndsWith("since MPI was initialised without MPI_THREAD_MULTIPLE"));
  }
}

TEST_CASE("a rank that dies between two calls is named by all others") {
  if (!mpiexec_can_survive_a_rank()) return;
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
  if (!mpiexec_can_survive_a_rank()) return;
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
