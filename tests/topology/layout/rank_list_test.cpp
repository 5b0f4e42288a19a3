#include "rankmesh/topology/rank_list.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <ranges>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "support/catch.hpp"

using rankmesh::GroupFamily;
using rankmesh::Mesh;
using rankmesh::RankList;

static_assert(std::random_access_iterator<RankList::iterator>);
static_assert(std::ranges::random_access_range<RankList>);
static_assert(std::ranges::sized_range<RankList>);
static_assert(std::is_trivially_copyable_v<RankList>);

namespace {

const GroupFamily& strided() {
  static const GroupFamily family = Mesh({{"tp", 2}, {"dp", 2}, {"pp", 4}}).family({"tp", "pp"});
  return family;
}

}  // namespace

TEST_CASE("a list answers by position and by rank", "[rank_list]") {
  const RankList ranks = strided().group(1);
  CHECK(ranks.group() == 1);
  CHECK(ranks.size() == 8);
  CHECK(ranks.to_vector() == std::vector<int>{2, 3, 6, 7, 10, 11, 14, 15});
  CHECK(ranks.front() == 2);
  CHECK(ranks.back() == 15);
  CHECK(ranks[3] == 7);
  CHECK(ranks.at(3) == 7);
  CHECK(ranks.contains(7));
  CHECK_FALSE(ranks.contains(4));
  CHECK(ranks.position_of(7) == 3);
  CHECK(ranks.position_of(4) == std::nullopt);
}

TEST_CASE("ranks outside the world are in no list, positions outside a list are refused", "[rank_list]") {
  const RankList ranks = strided().group(0);
  for (const int rank : {-1, 16, 1 << 30, -(1 << 30)}) CHECK_FALSE(ranks.contains(rank));
  CHECK_THROWS_WITH(ranks.at(8), "position 8 does not exist: the groups have 8 members, 0 .. 7");
  CHECK_THROWS_AS(ranks.at(-1), rankmesh::RangeError);
}

TEST_CASE("ranks are visited in the order of the list", "[rank_list]") {
  const std::vector<int> ends{3, 0};
  const GroupFamily& whole = strided();
  for (const GroupFamily& family : {whole, whole.cut(4), whole.pick(ends), GroupFamily()}) {
    for (int group = 0; group < family.group_count(); ++group) {
      std::vector<int> visited;
      family.group(group).for_each([&](int rank) { visited.push_back(rank); });
      CHECK(visited == family.group(group).to_vector());
    }
  }
}

TEST_CASE("a list is a range with random access", "[rank_list]") {
  const RankList ranks = strided().group(0);
  CHECK(std::vector<int>(ranks.begin(), ranks.end()) == ranks.to_vector());
  CHECK(std::accumulate(ranks.begin(), ranks.end(), 0) == 0 + 1 + 4 + 5 + 8 + 9 + 12 + 13);
  CHECK(std::ranges::binary_search(ranks, 9));
  CHECK_FALSE(std::ranges::binary_search(ranks, 10));

  auto i = ranks.begin();
  CHECK(*i++ == 0);
  CHECK(*i == 1);
  CHECK(*++i == 4);
  CHECK(*i-- == 4);
  CHECK(*--i == 0);
  CHECK(*(i + 5) == 9);
  CHECK(*(5 + i) == 9);
  CHECK(i[7] == 13);
  i += 7;
  i -= 1;
  CHECK(*i == 12);
  CHECK(*(i - 6) == 0);
  CHECK(ranks.end() - i == 2);
  CHECK(i < ranks.end());
  CHECK(i > ranks.begin());
}

TEST_CASE("an iterator outlives the view it came from", "[rank_list]") {
  auto begin = strided().group(1).begin();
  CHECK(*(begin + 7) == 15);
}

TEST_CASE("a list copies itself into a buffer of its size", "[rank_list]") {
  std::array<int, 8> buffer{};
  strided().group(1).copy_to(buffer);
  CHECK(buffer == std::array<int, 8>{2, 3, 6, 7, 10, 11, 14, 15});

  std::array<int, 7> small{};
  CHECK_THROWS_WITH(strided().group(1).copy_to(small), "the buffer holds 7 ranks, the group has 8");
}

TEST_CASE("a list of picked members does the same", "[rank_list]") {
  const std::array<int, 3> positions{7, 0, 2};
  const GroupFamily picked = strided().pick(positions);
  const RankList ranks = picked.group(1);
  CHECK(ranks.to_vector() == std::vector<int>{15, 2, 6});
  CHECK(std::vector<int>(ranks.begin(), ranks.end()) == ranks.to_vector());
  CHECK(ranks.position_of(15) == 0);
  CHECK(ranks.position_of(6) == 2);
  CHECK_FALSE(ranks.contains(3));
}

TEST_CASE("lists are equal when they hold the same ranks in the same order", "[rank_list]") {
  const GroupFamily world = Mesh({{"x", 4}}).family({"x"});
  const GroupFamily halves = Mesh({{"x", 2}, {"y", 2}}).family({"x"});
  const GroupFamily both = Mesh({{"x", 2}, {"y", 2}}).family({"x", "y"});
  const std::array<int, 2> first_two{0, 1};
  const std::array<int, 2> swapped{1, 0};
  const GroupFamily start = world.pick(first_two);
  const GroupFamily other_order = world.pick(swapped);
  CHECK(world.group(0) == both.group(0));
  CHECK(halves.group(0) == start.group(0));
  CHECK_FALSE(halves.group(0) == other_order.group(0));
  CHECK_FALSE(halves.group(0) == halves.group(1));
  CHECK_FALSE(world.group(0) == halves.group(0));
}
