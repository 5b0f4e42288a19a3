#include "rankmesh/topology/grouping.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "support/catch.hpp"

using rankmesh::ConfigError;
using rankmesh::Digit;
using rankmesh::Grouping;
using rankmesh::Place;

namespace {

using Digits = std::vector<Digit>;

Digits inside_of(const Grouping& grouping) {
  return {grouping.inside().begin(), grouping.inside().end()};
}
Digits outside_of(const Grouping& grouping) {
  return {grouping.outside().begin(), grouping.outside().end()};
}

std::vector<std::vector<int>> lists_of(const Grouping& grouping) {
  std::vector<std::vector<int>> lists;
  for (int g = 0; g < grouping.group_count(); ++g) {
    lists.emplace_back();
    for (int m = 0; m < grouping.group_size(); ++m) lists.back().push_back(grouping.index({g, m}));
  }
  return lists;
}

void check_round_trip(const Grouping& grouping) {
  for (int g = 0; g < grouping.group_count(); ++g) {
    for (int m = 0; m < grouping.group_size(); ++m) {
      const int index = grouping.index({g, m});
      CHECK(grouping.place(index) == Place{g, m});
      CHECK(grouping.base(g) + grouping.offset(m) == index);
    }
  }
}

}  // namespace

TEST_CASE("the default grouping is one group of one index", "[grouping]") {
  const Grouping grouping;
  CHECK(grouping.group_count() == 1);
  CHECK(grouping.group_size() == 1);
  CHECK(lists_of(grouping) == std::vector<std::vector<int>>{{0}});
  CHECK(grouping.place(0) == Place{0, 0});
  CHECK(grouping == Grouping({}, {}));
}

TEST_CASE("an index is the sum of its digits", "[grouping]") {
  // Digits tp=2, dp=2, pp=3, of which dp varies inside.
  const Grouping grouping(Digits{{2, 2}}, Digits{{2, 1}, {3, 4}});
  CHECK(lists_of(grouping) ==
        std::vector<std::vector<int>>{{0, 2}, {1, 3}, {4, 6}, {5, 7}, {8, 10}, {9, 11}});
  check_round_trip(grouping);
}

TEST_CASE("digits count in the order given, fastest first, whatever their strides", "[grouping]") {
  const Grouping grouping(Digits{{2, 4}, {2, 1}}, Digits{{2, 8}, {2, 2}});
  CHECK(lists_of(grouping) ==
        std::vector<std::vector<int>>{{0, 4, 1, 5}, {8, 12, 9, 13}, {2, 6, 3, 7}, {10, 14, 11, 15}});
  check_round_trip(grouping);
}

TEST_CASE("digits of size one vanish and neighbours merge", "[grouping]") {
  const Grouping split(Digits{{2, 1}, {1, 7}, {3, 2}}, Digits{{2, 6}, {2, 12}});
  CHECK(inside_of(split) == Digits{{6, 1}});
  CHECK(outside_of(split) == Digits{{4, 6}});
  CHECK(split == Grouping(Digits{{6, 1}}, Digits{{4, 6}}));

  const Grouping apart(Digits{{2, 1}, {3, 4}}, Digits{{2, 2}});
  CHECK(inside_of(apart) == Digits{{2, 1}, {3, 4}});
}

TEST_CASE("equality tells the numbering of groups apart, same_groups does not", "[grouping]") {
  const Grouping grouping(Digits{{2, 2}}, Digits{{2, 1}, {2, 4}});
  const Grouping renumbered(Digits{{2, 2}}, Digits{{2, 4}, {2, 1}});
  const Grouping other(Digits{{2, 1}}, Digits{{4, 2}});
  const Grouping reordered(Digits{{2, 2}, {2, 1}}, Digits{{2, 4}});
  const Grouping larger(Digits{{2, 2}}, Digits{{2, 1}, {4, 4}});

  CHECK(grouping == grouping);
  CHECK_FALSE(grouping == renumbered);
  CHECK(grouping.same_groups(renumbered));
  CHECK_FALSE(grouping.same_groups(other));
  CHECK_FALSE(reordered.same_groups(Grouping(Digits{{4, 1}}, Digits{{2, 4}})));
  CHECK_FALSE(grouping.same_groups(larger));
}

TEST_CASE("digits that do not form a mixed radix are refused", "[grouping]") {
  const auto text = [](const Digits& inside, const Digits& outside) -> std::string {
    try {
      static_cast<void>(Grouping(inside, outside));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  const std::string start = "invalid configuration: digits (size:stride) = ";
  CHECK(text({{2, 2}}, {}) ==
        start + "inside 2:2, outside none does not count through the indices: a stride of 1 is missing");
  CHECK(text({{2, 1}}, {{2, 1}}) ==
        start + "inside 2:1, outside 2:1 does not count through the indices: a stride of 2 is missing");
  CHECK(text({{0, 1}}, {}) == start + "inside 0:1, outside none has a size below 1");
  CHECK(text({{-3, 1}}, {}) == start + "inside -3:1, outside none has a size below 1");
  CHECK(text({{2, 1}, {3, 3}}, {}) ==
        start + "inside 2:1 3:3, outside none does not count through the indices: a stride of 2 is missing");
  CHECK(text({{65536, 1}}, {{32768, 65536}}) ==
        start + "inside 65536:1, outside 32768:65536 covers more than 2147483647 indices");
  CHECK(text({{INT64_MAX, 1}, {INT64_MAX, INT64_MAX}}, {}) ==
        start +
            "inside 9223372036854775807:1 9223372036854775807:9223372036854775807, outside none covers "
            "more than 2147483647 indices");
}

TEST_CASE("the largest index spaces are exact", "[grouping]") {
  const Grouping prime(Digits{{2147483647, 1}}, {});
  CHECK(prime.index({0, 2147483646}) == 2147483646);
  CHECK(prime.place(2147483646) == Place{0, 2147483646});

  // The most digits that 2^30 indices can have, alternating between the sides.
  Digits inside;
  Digits outside;
  for (int bit = 0; bit < 30; ++bit) (bit % 2 == 0 ? inside : outside).push_back({2, std::int64_t{1} << bit});
  const Grouping bits(inside, outside);
  CHECK(bits.group_count() == 1 << 15);
  CHECK(bits.group_size() == 1 << 15);
  CHECK(bits.index({(1 << 15) - 1, (1 << 15) - 1}) == (1 << 30) - 1);
  CHECK(bits.index({0, (1 << 15) - 1}) == 0x15555555);
  CHECK(bits.place(0x2AAAAAAA) == Place{(1 << 15) - 1, 0});
}
