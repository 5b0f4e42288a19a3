#include "rankmesh/comm/rank_set.hpp"

#include <random>
#include <set>

#include "support/catch.hpp"

using rankmesh::RankSet;

TEST_CASE("ranges merge where they touch or overlap, in any order") {
  CHECK(RankSet::of({{4, 5}, {0, 1}, {2, 3}}) == RankSet::first_ranks(6));
  CHECK(RankSet::of({{0, 9}, {2, 3}}) == RankSet::first_ranks(10));
  CHECK(RankSet::of({{5, 4}}).empty());
  const RankSet apart = RankSet::of({{7, 7}, {3, 3}});
  CHECK(apart.ranges().size() == 2);
}

TEST_CASE("a rank set behaves as a set of ranks") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::set<int> oracle;
    RankSet set;
    for (int i = 0; i < 12; ++i) {
      const int first = std::uniform_int_distribution(0, 40)(random);
      const int last = first + std::uniform_int_distribution(0, 6)(random);
      set.insert(RankSet::of({{first, last}}));
      for (int rank = first; rank <= last; ++rank) oracle.insert(rank);
    }
    CHECK(set.size() == static_cast<std::int64_t>(oracle.size()));
    const RankSet rest = set.complement(60);
    for (int rank = 0; rank < 60; ++rank) {
      CHECK(set.contains(rank) == oracle.contains(rank));
      CHECK(rest.contains(rank) != oracle.contains(rank));
    }
  }
}

TEST_CASE("a set that is added to itself, or nothing that is added to it, leaves it as it was") {
  RankSet set = RankSet::of({{1, 3}, {7, 7}});
  const RankSet& same = set;
  set.insert(same);
  CHECK(set == RankSet::of({{1, 3}, {7, 7}}));
  set.insert(RankSet());
  CHECK(set == RankSet::of({{1, 3}, {7, 7}}));
}

TEST_CASE("the complement knows the ends of the world") {
  CHECK(RankSet().complement(4) == RankSet::first_ranks(4));
  CHECK(RankSet::first_ranks(4).complement(4).empty());
  CHECK(RankSet(0).complement(4) == RankSet::of({{1, 3}}));
  CHECK(RankSet(3).complement(4) == RankSet::first_ranks(3));
  CHECK(RankSet::first_ranks(2147483647).complement(2147483647).empty());
}

TEST_CASE("a rank set prints as a person would write it") {
  CHECK(RankSet().to_string() == "no rank");
  CHECK(RankSet(3).to_string() == "rank 3");
  CHECK(RankSet::first_ranks(4).to_string() == "ranks 0-3");
  CHECK(RankSet::of({{0, 3}, {8, 8}, {12, 15}}).to_string() == "ranks 0-3, 8 and 12-15");
  CHECK(RankSet::of({{0, 0}, {2, 2}, {4, 4}, {6, 7}}).to_string(2) == "ranks 0, 2 and 3 more ranks");
}

TEST_CASE("the ranks of one set without those of another") {
  const RankSet some = RankSet::of({{0, 3}, {8, 9}});
  CHECK(some.without(RankSet::of({{2, 8}})) == RankSet::of({{0, 1}, {9, 9}}));
  CHECK(some.without({}) == some);
  CHECK(some.without(some).empty());
  // Ranks beyond those of the set, or of the world, change nothing.
  CHECK(some.without(RankSet(20)) == some);
  CHECK(RankSet().without(some).empty());
  CHECK(RankSet::of({{1, 1}, {6, 7}}).complement(4) == RankSet::of({{0, 0}, {2, 3}}));
}
