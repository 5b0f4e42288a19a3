#include "rankmesh/topology/group_family.hpp"

#include <array>
#include <climits>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"

using rankmesh::ConfigError;
using rankmesh::GroupFamily;
using rankmesh::Mesh;
using rankmesh::Place;
using rankmesh::RangeError;
using rankmesh::tests::enumerated_lists_of;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of;

namespace {

const Mesh mesh({{"tp", 2}, {"dp", 2}, {"pp", 4}});

GroupFamily pick(const GroupFamily& family, const std::vector<int>& positions) {
  return family.pick(positions);
}

std::string pick_error(const GroupFamily& family, const std::vector<int>& positions) {
  try {
    static_cast<void>(family.pick(positions));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

void check_agrees_with_lists(const GroupFamily& family, const Lists& lists) {
  CHECK(lists_of(family) == lists);
  CHECK(enumerated_lists_of(family) == lists);
  REQUIRE(family.group_count() == static_cast<int>(lists.size()));
  std::vector<bool> member(static_cast<std::size_t>(family.world_size()), false);
  for (int g = 0; g < family.group_count(); ++g) {
    const std::vector<int>& ranks = lists[static_cast<std::size_t>(g)];
    CHECK(family.group_size() == static_cast<int>(ranks.size()));
    CHECK(family.group(g).to_vector() == ranks);
    for (int m = 0; m < family.group_size(); ++m) {
      const int rank = ranks[static_cast<std::size_t>(m)];
      member[static_cast<std::size_t>(rank)] = true;
      CHECK(family.locate(rank) == Place{g, m});
      CHECK(family.rank_at({g, m}) == rank);
    }
  }
  for (int rank = 0; rank < family.world_size(); ++rank) {
    CHECK(family.locate(rank).has_value() == member[static_cast<std::size_t>(rank)]);
  }
}

}  // namespace

TEST_CASE("the default family is the group of the one rank of a world of one", "[group_family]") {
  check_agrees_with_lists(GroupFamily(), {{0}});
  CHECK(GroupFamily().covers_world());
}

TEST_CASE("a family that covers the world answers like its lists", "[group_family]") {
  const GroupFamily data = mesh.family({"dp"});
  CHECK(data.world_size() == 16);
  CHECK(data.member_count() == 16);
  CHECK(data.covers_world());
  CHECK(data.formula().picked.empty());
  check_agrees_with_lists(data, {{0, 2}, {1, 3}, {4, 6}, {5, 7}, {8, 10}, {9, 11}, {12, 14}, {13, 15}});
  check_agrees_with_lists(mesh.family({"tp", "pp"}),
                          {{0, 1, 4, 5, 8, 9, 12, 13}, {2, 3, 6, 7, 10, 11, 14, 15}});
}

TEST_CASE("a family of picked positions answers like its lists", "[group_family]") {
  const GroupFamily ends = pick(mesh.family({"pp"}), {0, 3});
  CHECK(ends.world_size() == 16);
  CHECK(ends.member_count() == 8);
  CHECK_FALSE(ends.covers_world());
  CHECK(ends.formula().picked == std::vector<int>{0, 3});
  check_agrees_with_lists(ends, {{0, 12}, {1, 13}, {2, 14}, {3, 15}});
}

TEST_CASE("picked positions keep the order given", "[group_family]") {
  check_agrees_with_lists(pick(mesh.family({"pp"}), {3, 0, 1}),
                          {{12, 0, 4}, {13, 1, 5}, {14, 2, 6}, {15, 3, 7}});
}

TEST_CASE("positions can be picked from what was picked", "[group_family]") {
  const GroupFamily some = pick(mesh.family({"pp"}), {3, 0, 1});
  check_agrees_with_lists(pick(some, {2, 0}), {{4, 12}, {5, 13}, {6, 14}, {7, 15}});
  CHECK(pick(some, {2, 0}) == pick(mesh.family({"pp"}), {1, 3}));
}

TEST_CASE("picking all positions in order gives an equal family", "[group_family]") {
  const GroupFamily all = pick(mesh.family({"pp"}), {0, 1, 2, 3});
  CHECK(all == mesh.family({"pp"}));
  CHECK(all.covers_world());
}

TEST_CASE("picking all positions in another order still covers the world", "[group_family]") {
  const GroupFamily reversed = pick(mesh.family({"pp"}), {3, 2, 1, 0});
  CHECK(reversed.covers_world());
  CHECK_FALSE(reversed == mesh.family({"pp"}));
  check_agrees_with_lists(reversed, {{12, 8, 4, 0}, {13, 9, 5, 1}, {14, 10, 6, 2}, {15, 11, 7, 3}});
}

TEST_CASE("positions that cannot be picked are all named", "[group_family]") {
  const GroupFamily family = mesh.family({"pp"});
  CHECK(pick_error(family, {}) == "invalid configuration: positions are empty");
  CHECK(pick_error(family, {4}) == "invalid configuration: position = 4 is outside a group of 4; nearest: 3");
  CHECK(pick_error(family, {-7}) ==
        "invalid configuration: position = -7 is outside a group of 4; nearest: 0");
  CHECK(pick_error(family, {1, 1}) == "invalid configuration: position = 1 is picked twice");
  CHECK(pick_error(family, {9, 9, 2, 2}) ==
        "invalid configuration, 3 violations:\n"
        "  position = 9 is outside a group of 4; nearest: 3\n"
        "  position = 9 is outside a group of 4; nearest: 3\n"
        "  position = 2 is picked twice");
  CHECK(pick_error(pick(family, {3, 1}), {0, 0}) == "invalid configuration: position = 0 is picked twice");
}

TEST_CASE("places that do not exist are refused", "[group_family]") {
  const GroupFamily family = mesh.family({"pp"});
  CHECK(family.locate(-1) == std::nullopt);
  CHECK(family.locate(16) == std::nullopt);
  CHECK_THROWS_WITH(family.group(4), "group 4 does not exist: the family has 4 groups, 0 .. 3");
  CHECK_THROWS_AS(family.group(-1), RangeError);
  CHECK_THROWS_WITH(family.rank_at({0, 4}), "position 4 does not exist: the groups have 4 members, 0 .. 3");
  CHECK_THROWS_AS(family.rank_at({0, -1}), RangeError);
  CHECK_THROWS_AS(family.rank_at({4, 0}), RangeError);
}

TEST_CASE("enumeration needs a buffer of the right size", "[group_family]") {
  std::array<int, 15> small{};
  std::array<int, 17> large{};
  CHECK_THROWS_WITH(mesh.family({"pp"}).enumerate(small), "the buffer holds 15 ranks, the family has 16");
  CHECK_THROWS_AS(mesh.family({"pp"}).enumerate(large), RangeError);
}

TEST_CASE("enumeration is right around the block that it copies", "[group_family]") {
  // Sizes around the powers of two that a block may have.
  for (const std::int64_t size : {1, 2, 3, 63, 64, 65, 170, 171, 255, 256, 257, 511, 512, 513, 1024, 4097}) {
    for (const std::int64_t other : {1, 2, 3, 5}) {
      for (const std::int64_t third : {1, 2, 7}) {
        const Mesh m({{"a", other}, {"b", size}, {"c", third}});
        for (const GroupFamily& family : {m.family({"a"}), m.family({"b"}), m.family({"a", "c"})}) {
          INFO(m.to_string());
          REQUIRE(enumerated_lists_of(family) == lists_of(family));
        }
      }
    }
  }
}

TEST_CASE("enumeration of more picked positions than the block holds is right", "[group_family]") {
  std::vector<int> odd;
  for (int position = 1; position < 10001; position += 2) odd.push_back(position);
  const GroupFamily family = pick(Mesh({{"a", 3}, {"b", 10001}, {"c", 2}}).family({"b"}), odd);
  CHECK(enumerated_lists_of(family) == lists_of(family));
}

TEST_CASE("families are equal when their lists are", "[group_family]") {
  const Mesh merged({{"x", 2}, {"y", 8}});
  CHECK(mesh.family({"tp"}) == merged.family({"x"}));
  CHECK(mesh.family({"dp", "pp"}) == merged.family({"y"}));
  CHECK_FALSE(mesh.family({"dp"}) == mesh.family({"tp"}));
  CHECK_FALSE(pick(mesh.family({"pp"}), {0}) == pick(mesh.family({"pp"}), {1}));
  CHECK_FALSE(pick(mesh.family({"pp"}), {0, 1}) == pick(mesh.family({"pp"}), {1, 0}));
  CHECK(pick(mesh.family({"pp"}), {0, 1}).same_groups(pick(mesh.family({"pp"}), {0, 1})));
  CHECK_FALSE(pick(mesh.family({"pp"}), {0, 1}).same_groups(mesh.family({"dp"})));
}

TEST_CASE("a slice keeps some groups, numbered from 0", "[group_family]") {
  const GroupFamily family = rankmesh::Mesh({{"tp", 2}, {"dp", 3}, {"pp", 2}}).family({"dp"});
  const GroupFamily slice = family.slice(1, 2);
  CHECK(lists_of(slice) == Lists{{1, 3, 5}, {6, 8, 10}});
  CHECK(slice.locate(8) == Place{1, 1});
  CHECK(slice.locate(0) == std::nullopt);
  CHECK(slice.locate(11) == std::nullopt);
  CHECK(slice.formula().first_group == 1);
  CHECK_FALSE(slice.covers_world());
  CHECK_FALSE(slice == family);
  CHECK_FALSE(slice.same_groups(family));
  CHECK_FALSE(slice.same_groups(family.slice(0, 2)));
  CHECK(slice.same_groups(family.slice(1, 2)));
  CHECK(family.slice(0, 4) == family);
  CHECK(lists_of(slice.slice(1, 1)) == Lists{{6, 8, 10}});
  CHECK(lists_of(slice.cut(1)) == Lists{{1}, {3}, {5}, {6}, {8}, {10}});
  const std::vector<int> ends{2, 0};
  CHECK(lists_of(slice.pick(ends)) == Lists{{5, 1}, {10, 6}});
  CHECK(lists_of(slice.placed(4, 20)) == Lists{{5, 7, 9}, {10, 12, 14}});
  CHECK_THROWS_AS(slice.join(2), rankmesh::ConfigError);
  for (const auto& [first, count] : {std::pair(-1, 1), {0, 0}, {3, 2}, {4, 1}, {1, INT_MAX}}) {
    INFO(first << " " << count);
    CHECK_THROWS_AS(family.slice(first, count), rankmesh::ConfigError);
  }
}

TEST_CASE("the pattern of a family says how the ranks of a group lie", "[group_family]") {
  CHECK(GroupFamily().pattern() == "-");
  CHECK(mesh.family({"tp"}).pattern() == "2:1");
  CHECK(mesh.family({"tp", "pp"}).pattern() == "2:1 4:4");
  CHECK(pick(mesh.family({"pp"}), {0, 3}).pattern() == "4:4@0,3");
  CHECK(mesh.family({"tp", "pp"}).cut(2).pattern() == "2:1");
  CHECK(Mesh({{"a", 4}, {"b", 2}, {"c", 3}}).family({"a", "c"}).cut(3).pattern() == "4:1 3:8 / 3:1");
}

TEST_CASE("the text of a family identifies it", "[group_family]") {
  const GroupFamily stages = mesh.family({"pp"});
  CHECK(stages.to_string() == "inside 4:4 outside 4:1 groups 0+4 at rank 0 of 16");
  CHECK(pick(stages, {0, 3}).slice(1, 2).placed(8, 32).to_string() ==
        "inside 4:4@0,3 outside 4:1 groups 1+2 at rank 8 of 32");
  CHECK(Mesh({{"a", 4}, {"b", 6}}).family({"b"}).cut(2).cut(1).to_string() ==
        "inside - outside 6:4 4:1 groups 0+24 at rank 0 of 24");
}

TEST_CASE("the formula of a family gives its ranks", "[group_family]") {
  const GroupFamily family = pick(mesh.family({"tp", "pp"}).cut(4), {3, 1}).slice(1, 2).placed(4, 24);
  const rankmesh::GroupFormula formula = family.formula();
  REQUIRE_FALSE(formula.positions.has_value());
  for (int g = 0; g < family.group_count(); ++g) {
    for (int m = 0; m < family.group_size(); ++m) {
      CHECK(family.rank_at({g, m}) ==
            formula.first_rank + formula.grouping.base(formula.first_group + g) +
                formula.grouping.offset(formula.picked[static_cast<std::size_t>(m)]));
    }
  }
}
