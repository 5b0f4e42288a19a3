// Derived families (split, joined, placed, picked), compared with the same operations on plain lists.

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/group_family.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/family_check.hpp"
#include "support/generators.hpp"
#include "support/mesh_oracle.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

int some_divisor(int n) {
  std::vector<int> divisors;
  for (int d = 1; d <= n; ++d) {
    if (n % d == 0) divisors.push_back(d);
  }
  return divisors[static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(divisors.size())))];
}

/// A grouping of n positions with digits at random borders, some of which vary.
Grouping some_grouping(int n) {
  std::vector<Digit> digits;
  for (int stride = 1, left = n; left > 1;) {
    int size = some_divisor(left);
    if (size == 1) size = left;
    digits.push_back({size, stride});
    stride *= size;
    left /= size;
  }
  std::vector<Digit> inside;
  std::vector<Digit> outside;
  for (const Digit& digit : shuffled(digits)) {
    (*rc::gen::arbitrary<bool>() ? inside : outside).push_back(digit);
  }
  return Grouping(inside, outside);
}

Lists split_lists(const Lists& lists, const Grouping& positions) {
  Lists result;
  for (const auto& list : lists) {
    for (int part = 0; part < positions.group_count(); ++part) {
      result.emplace_back();
      for (int member = 0; member < positions.group_size(); ++member) {
        result.back().push_back(list[static_cast<std::size_t>(positions.index({part, member}))]);
      }
    }
  }
  return result;
}

Lists cut_lists(const Lists& lists, int piece) {
  Lists result;
  for (const auto& list : lists) {
    for (std::size_t first = 0; first < list.size(); first += static_cast<std::size_t>(piece)) {
      const auto begin = list.begin() + static_cast<std::ptrdiff_t>(first);
      result.emplace_back(begin, begin + piece);
    }
  }
  return result;
}

Lists joined_lists(const Lists& lists, int run) {
  Lists result;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (i % static_cast<std::size_t>(run) == 0) result.emplace_back();
    result.back().insert(result.back().end(), lists[i].begin(), lists[i].end());
  }
  return result;
}

/// The family that `make` returns; nothing if it throws ConfigError.
template <typename Make>
std::optional<GroupFamily> unless_refused(Make&& make) {
  try {
    return make();
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

}  // namespace

TEST_CASE("a family cut into pieces has the pieces of its lists", "[property]") {
  int askew = 0;
  int even = 0;
  CHECK(rc::check("cuts", [&] {
    const std::vector<Axis> axes = some_axes();
    const std::vector<std::string> varying = some_of(names_of(axes));
    const GroupFamily whole = family_of(axes, varying);
    const int piece = some_divisor(whole.group_size());
    const GroupFamily family = whole.cut(piece);
    (family.formula().positions ? askew : even) += 1;
    assert_agrees(family, cut_lists(mesh_lists(axes, varying), piece));
  }));
  CHECK(askew > share_of(5));
  CHECK(even > share_of(100));
}

TEST_CASE("families derived several times have the lists of the same operations on lists", "[property]") {
  int splits = 0;
  int splits_of_splits = 0;
  int joins = 0;
  int places = 0;
  int picks = 0;
  CHECK(rc::check("derived families", [&] {
    const std::vector<Axis> axes = some_axes();
    const std::vector<std::string> varying = some_of(names_of(axes));
    GroupFamily family = family_of(axes, varying);
    Lists lists = mesh_lists(axes, varying);
    for (int round = 0; round < 4; ++round) {
      switch (*rc::gen::inRange(0, 4)) {
        case 0: {
          const Grouping positions = some_grouping(family.group_size());
          const auto split = unless_refused([&] { return family.split(positions); });
          RC_ASSERT(split || family.formula().positions || !family.formula().picked.empty());
          if (!split) break;
          splits_of_splits += family.formula().positions ? 1 : 0;
          ++splits;
          family = *split;
          lists = split_lists(lists, positions);
          break;
        }
        case 1: {
          const int run = some_divisor(family.group_count());
          const auto joined = unless_refused([&] { return family.join(run); });
          if (!joined) break;
          joins += run > 1 ? 1 : 0;
          family = *joined;
          lists = joined_lists(lists, run);
          break;
        }
        case 2: {
          const int first = *rc::gen::inRange(0, 5);
          const int after = *rc::gen::inRange(0, 5);
          places += first + after > 0 ? 1 : 0;
          family = family.placed(first, family.world_size() + first + after);
          for (auto& list : lists) {
            for (int& rank : list) rank += first;
          }
          break;
        }
        default: {
          if (round < 3) break;
          const std::vector<int> positions = some_positions(family.group_size());
          ++picks;
          family = family.pick(positions);
          lists = picked_lists(lists, positions);
        }
      }
      assert_agrees(family, lists);
    }
  }));
  CHECK(splits > share_of(300));
  CHECK(joins > share_of(100));
  CHECK(places > share_of(300));
  // The first cases are too small for these.
  if (one_case_in() > 1) return;
  CHECK(splits_of_splits > 5);
  CHECK(picks > 50);
}

TEST_CASE("families have the same text exactly if they are equal", "[property]") {
  int equal = 0;
  int different = 0;
  CHECK(rc::check("texts", [&] {
    const auto some_family = [] {
      const Mesh mesh({{"a", 2}, {"b", *rc::gen::inRange(1, 4)}, {"c", 2}});
      GroupFamily family = mesh.family(some_of(std::vector<std::string_view>{"a", "b", "c"}));
      family = family.cut(some_divisor(family.group_size()));
      family = family.slice(0, *rc::gen::inRange(1, family.group_count() + 1));
      family = family.pick(some_positions(std::min(family.group_size(), 2)));
      return family.placed(*rc::gen::inRange(0, 2), 14);
    };
    const GroupFamily a = some_family();
    const GroupFamily b = some_family();
    (a == b ? equal : different) += 1;
    RC_ASSERT((a == b) == (a.to_string() == b.to_string()));
  }));
  CHECK(equal > share_of(5));
  CHECK(different > share_of(100));
}

TEST_CASE("a run of groups that can be joined in closed form is refused only where it cannot", "[property]") {
  int joined_at_a_border = 0;
  CHECK(rc::check("joins", [&] {
    // With a single axis that does not vary, every divisor of its size is a valid run.
    std::vector<Axis> axes = some_axes();
    const std::size_t fixed =
        static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(axes.size())));
    std::vector<std::string> varying = names_of(axes);
    varying.erase(varying.begin() + static_cast<std::ptrdiff_t>(fixed));
    const int run = some_divisor(static_cast<int>(axes[fixed].size));
    const GroupFamily family = family_of(axes, varying).join(run);
    joined_at_a_border += run > 1 && family.group_count() > 1;
    assert_agrees(family, joined_lists(mesh_lists(axes, varying), run));
  }));
  CHECK(joined_at_a_border > share_of(20));
}

TEST_CASE("a family made by splitting equals that of a mesh with the same lists", "[property]") {
  int split_axes = 0;
  CHECK(rc::check("aliases", [&] {
    std::vector<Axis> axes = some_axes();
    const std::vector<std::string> varying = some_of(names_of(axes));
    if (varying.empty()) return;
    // Divides the fastest varying axis into one that varies inside a part and one that numbers the parts.
    const auto fastest = std::find_if(axes.begin(), axes.end(), [&](const Axis& axis) {
      return std::find(varying.begin(), varying.end(), axis.name) != varying.end();
    });
    const int piece = some_divisor(static_cast<int>(fastest->size));
    const GroupFamily cut = family_of(axes, varying).cut(piece);
    if (varying.size() > 1 || piece == 1) return;
    std::vector<Axis> finer;
    for (const Axis& axis : axes) {
      if (axis.name != fastest->name) {
        finer.push_back(axis);
        continue;
      }
      finer.push_back({axis.name, piece});
      finer.push_back({axis.name + "_high", axis.size / piece});
    }
    RC_ASSERT(cut.same_groups(family_of(finer, varying)));
    RC_ASSERT_FALSE(cut.formula().positions.has_value());
    ++split_axes;
  }));
  CHECK(split_axes > share_of(20));
}
