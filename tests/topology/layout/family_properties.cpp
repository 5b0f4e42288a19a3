// Compares families of random meshes with nested loops.

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/grouping.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/family_check.hpp"
#include "support/generators.hpp"
#include "support/lists.hpp"
#include "support/mesh_oracle.hpp"

using rankmesh::Axis;
using rankmesh::Digit;
using rankmesh::GroupFamily;
using rankmesh::Grouping;
using rankmesh::Mesh;
using rankmesh::Place;
using rankmesh::RankList;
using rankmesh::tests::assert_agrees;
using rankmesh::tests::family_of;
using rankmesh::tests::Lists;
using rankmesh::tests::mesh_lists;
using rankmesh::tests::names_of;
using rankmesh::tests::picked_lists;
using rankmesh::tests::share_of;
using rankmesh::tests::shuffled;
using rankmesh::tests::some_axes;
using rankmesh::tests::some_of;
using rankmesh::tests::some_positions;

namespace {

/// A family of 8 ranks with axes of size 2, so that equal families occur.
GroupFamily family_of_8() {
  std::vector<Axis> axes;
  for (const std::int64_t size : {2, 2, 2}) {
    axes.push_back({std::string(1, static_cast<char>('a' + static_cast<char>(axes.size()))), size});
  }
  GroupFamily family = family_of(axes, some_of(names_of(axes)));
  if (*rc::gen::inRange(0, 3) != 0) return family;
  std::vector<int> ends{0};
  if (family.group_size() > 1) ends.push_back(family.group_size() - 1);
  return family.pick(ends);
}

}  // namespace

TEST_CASE("ranks and coordinates are inverse", "[property]") {
  int many_axes = 0;
  CHECK(rc::check("round trip", [&] {
    const Mesh mesh(some_axes());
    many_axes += mesh.axes().size() >= 3;
    for (int rank = 0; rank < mesh.world_size(); ++rank) {
      const std::vector<int> coordinates = mesh.coordinates(rank);
      RC_ASSERT(mesh.rank_at(coordinates) == rank);
      int sum = 0;
      for (std::size_t axis = 0; axis < mesh.axes().size(); ++axis) {
        const std::string& name = mesh.axes()[axis].name;
        RC_ASSERT(mesh.coordinate(rank, name) == coordinates[axis]);
        sum += coordinates[axis] * mesh.stride(name);
      }
      RC_ASSERT(sum == rank);
    }
  }));
  CHECK(many_axes > share_of(30));
}

TEST_CASE("a family has the lists of the nested loops, whatever varies", "[property]") {
  int mixed = 0;
  CHECK(rc::check("families", [&] {
    const std::vector<Axis> axes = some_axes();
    const std::vector<std::string> varying = some_of(names_of(axes));
    const GroupFamily family = family_of(axes, varying);
    mixed += family.group_count() > 1 && family.group_size() > 1;
    assert_agrees(family, mesh_lists(axes, varying));
  }));
  CHECK(mixed > share_of(30));
}

TEST_CASE("a picked family has the picked members, in the order picked, again and again", "[property]") {
  int partial = 0;
  CHECK(rc::check("picks", [&] {
    const std::vector<Axis> axes = some_axes();
    const std::vector<std::string> varying = some_of(names_of(axes));
    GroupFamily family = family_of(axes, varying);
    Lists lists = mesh_lists(axes, varying);
    for (int round = 0; round < 2; ++round) {
      const std::vector<int> positions = some_positions(family.group_size());
      partial += static_cast<int>(positions.size()) < family.group_size();
      family = family.pick(positions);
      lists = picked_lists(lists, positions);
      assert_agrees(family, lists);
    }
  }));
  CHECK(partial > share_of(50));
}

TEST_CASE("a grouping of digits in any order has the lists of its sums", "[property]") {
  int out_of_order = 0;
  CHECK(rc::check("digits", [&] {
    std::vector<Digit> digits;
    std::int64_t stride = 1;
    for (const Axis& axis : some_axes()) {
      digits.push_back({axis.size, stride});
      stride *= axis.size;
    }
    std::vector<Digit> inside;
    std::vector<Digit> outside;
    for (const Digit& digit : shuffled(digits)) {
      (*rc::gen::arbitrary<bool>() ? inside : outside).push_back(digit);
    }
    out_of_order += !std::is_sorted(inside.begin(), inside.end(),
                                    [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
    const auto sums = [](const std::vector<Digit>& side) {
      std::vector<int> result{0};
      for (const Digit& digit : side) {
        std::vector<int> next;
        for (std::int64_t value = 0; value < digit.size; ++value) {
          for (const int sum : result) next.push_back(sum + static_cast<int>(value * digit.stride));
        }
        result = next;
      }
      return result;
    };
    Lists lists;
    for (const int base : sums(outside)) {
      lists.emplace_back();
      for (const int offset : sums(inside)) lists.back().push_back(base + offset);
    }
    assert_agrees(GroupFamily(Grouping(inside, outside)), lists);
  }));
  CHECK(out_of_order > share_of(15));
}

TEST_CASE("families are equal exactly when their lists are", "[property]") {
  int equal = 0;
  int different = 0;
  CHECK(rc::check("equality", [&] {
    const GroupFamily a = family_of_8();
    const GroupFamily b = family_of_8();
    Lists a_lists = rankmesh::tests::lists_of(a);
    Lists b_lists = rankmesh::tests::lists_of(b);
    RC_ASSERT((a == b) == (a_lists == b_lists));
    std::sort(a_lists.begin(), a_lists.end());
    std::sort(b_lists.begin(), b_lists.end());
    RC_ASSERT(a.same_groups(b) == (a_lists == b_lists));
    equal += a_lists == b_lists;
    different += a_lists != b_lists;
  }));
  CHECK(equal > share_of(3));
  CHECK(different > share_of(50));
}

TEST_CASE("groupings that number the same groups otherwise have the same groups", "[property]") {
  int renumbered = 0;
  CHECK(rc::check("renumbering", [&] {
    std::vector<Digit> inside;
    std::vector<Digit> outside;
    std::int64_t stride = 1;
    for (const Axis& axis : some_axes()) {
      (*rc::gen::arbitrary<bool>() ? inside : outside).push_back({axis.size, stride});
      stride *= axis.size;
    }
    const Grouping a(inside, outside);
    const Grouping b(inside, shuffled(outside));
    RC_ASSERT(a.same_groups(b));
    const auto lists = [](const Grouping& grouping) {
      return rankmesh::tests::lists_of(GroupFamily(grouping));
    };
    RC_ASSERT((a == b) == (lists(a) == lists(b)));
    renumbered += !(a == b);
  }));
  CHECK(renumbered > share_of(10));
}
