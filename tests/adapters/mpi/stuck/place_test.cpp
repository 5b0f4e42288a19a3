// Ranks that die while a job is placed: see rankmesh/mpi/place.hpp.

#include <chrono>
#include <map>
#include <string>

#include "said.hpp"
#include "support/catch.hpp"

using namespace rankmesh::tests;

namespace {

constexpr int size = 6;

/// What the others write of a job in which a rank dies, by rank.
std::map<int, std::string> run(int dead, const std::string& where) {
  return rankmesh::tests::said_by_ranks(RANKMESH_PLACE_JOB, size, std::to_string(dead) + " " + where);
}

}  // namespace

TEST_CASE("a job in which nobody dies is placed") {
  const auto said = run(-1, "0");
  CHECK(said.size() == size);
  for (const auto& [rank, text] : said) CHECK(text == "placed");
}

TEST_CASE("a rank that dies while its job is placed is an error that names it, on all others") {
  if (!mpiexec_can_survive_a_rank()) return;
  // A rank at the edge of the tree sends one message in each agreement and one in the exchange of hosts: it
  // dies in the first agreement, in the exchange, in the second one and in the third one.
  for (const std::string where : {"0", "1", "2", "3", "making"}) {
    CAPTURE(where);
    const auto said = run(4, where);
    CHECK(said.size() == size - 1);
    for (const auto& [rank, text] : said) {
      CAPTURE(rank, text);
      CHECK_THAT(text,
                 ContainsSubstring(where == "making" ? "no answer from rank 4" : "rank 4 did not arrive"));
      if (where == "1") CHECK_THAT(text, ContainsSubstring("at step hosts"));
      if (where == "3") CHECK_THAT(text, ContainsSubstring("at step place"));
    }
  }
}

TEST_CASE("rank 0 may die too, which leads the agreements and sends the list of hosts") {
  if (!mpiexec_can_survive_a_rank()) return;
  // The verdict of the first agreement goes to the five others. Then come the hosts.
  for (const std::string where : {"0", "5", "7"}) {
    CAPTURE(where);
    const auto said = run(0, where);
    CHECK(said.size() == size - 1);
    for (const auto& [rank, text] : said) {
      CAPTURE(rank, text);
      CHECK_THAT(text, ContainsSubstring("rank 0 did not arrive"));
    }
  }
}
