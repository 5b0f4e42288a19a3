#include "rankmesh/output/rank_text.hpp"

#include "rankmesh/topology/mesh.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::cli;

namespace {

GroupFamily block_of(int size) {
  return Mesh({{"a", size}}).family({"a"});
}

}  // namespace

TEST_CASE("short lists are whole, long ones have a middle left out") {
  CHECK(full_text(block_of(3), 0) == "[0, 1, 2]");
  CHECK(full_text(block_of(1), 0) == "[0]");
  for (const int size : {1, 9, 10, 11, 100}) {
    CHECK(full_width(block_of(size), 0) == full_text(block_of(size), 0).size());
  }
  CHECK(list_text(block_of(10), 0, 30) == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]");
  CHECK(list_text(block_of(10), 0, 29) == "[0, 1, 2, ... 9] (10 ranks)");
  CHECK(list_text(block_of(5), 0, 3) == "[0, ... 4] (5 ranks)");
  CHECK(list_text(block_of(2), 0, 3) == "[0, 1]");
  CHECK(list_text(block_of(1024), 0, 80) == "[0, 1, 2, ... 1022, 1023] (1024 ranks)");
}

TEST_CASE("lists give way as far as two ranks") {
  CHECK(short_list_text(block_of(10), 0, 30) == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]");
  CHECK(short_list_text(block_of(10), 0, 29) == "[0, 1, 2, ... 8, 9]");
  CHECK(short_list_text(block_of(10), 0, 18) == "[0, 1, 2, ... 9]");
  CHECK(short_list_text(block_of(10), 0, 15) == "[0, 1, ... 9]");
  CHECK(short_list_text(block_of(10), 0, 12) == "[0, ... 9]");
  CHECK(short_list_text(block_of(10), 0, 1) == "[0, ... 9]");
  CHECK(short_list_text(block_of(3), 0, 1) == "[0, ... 2]");
  CHECK(short_list_text(block_of(2), 0, 1) == "[0, 1]");
}

TEST_CASE("the number of groups and their size") {
  CHECK(groups_text(block_of(4)) == "1 group of 4");
}
