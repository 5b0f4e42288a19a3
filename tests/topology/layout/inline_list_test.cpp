#include "rankmesh/topology/inline_list.hpp"

#include <cstddef>
#include <vector>

#include "rankmesh/topology/grouping.hpp"
#include "support/catch.hpp"

using namespace rankmesh;

namespace {

template <std::size_t Capacity>
std::vector<int> values_of(const InlineList<int, Capacity>& list) {
  return {list.begin(), list.end()};
}

}  // namespace

TEST_CASE("an inline list holds what was put into it, in order") {
  InlineList<int, 3> list;
  CHECK(list.empty());
  list.push_back(7);
  list.push_back(5);
  list.push_back(6);
  CHECK(values_of(list) == std::vector{7, 5, 6});
  CHECK(list.size() == 3);
  CHECK(list[1] == 5);
  list.back() = 9;
  CHECK(list.back() == 9);
  CHECK(list.data() + 3 == list.end());
}

TEST_CASE("a copy of an inline list is a list of its own") {
  InlineList<int, 4> list;
  list.push_back(1);
  list.push_back(2);
  InlineList<int, 4> copy = list;
  CHECK(copy == list);
  copy.back() = 3;
  CHECK(values_of(list) == std::vector{1, 2});
  CHECK_FALSE(copy == list);

  list.push_back(4);
  copy = list;
  CHECK(values_of(copy) == std::vector{1, 2, 4});
  copy = InlineList<int, 4>();
  CHECK(copy.empty());
}

TEST_CASE("an inline list may be assigned to itself") {
  InlineList<Digit, 2> list;
  list.push_back({.size = 4, .stride = 2});
  const InlineList<Digit, 2>& same = list;
  list = same;
  REQUIRE(list.size() == 1);
  CHECK(list.back() == Digit{.size = 4, .stride = 2});
}

TEST_CASE("inline lists are equal where their values are, whatever lies in the room behind them") {
  InlineList<int, 2> longer;
  longer.push_back(1);
  InlineList<int, 2> other = longer;
  CHECK(longer == other);
  longer.push_back(2);
  CHECK_FALSE(longer == other);
}
