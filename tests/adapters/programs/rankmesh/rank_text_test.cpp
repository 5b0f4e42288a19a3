#include "rankmesh/output/rank_text.hpp"

#include "rankmesh/output/each_rank.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::cli;

namespace {

GroupFamily block_of(int size) {
  return Mesh({{"a", size}}).family({"a"});
}

}  // namespace

TEST_CASE("ranks are visited in the order of the list") {
  const Topology topology({.world_size = 24, .tensor = 2, .pipeline = 3, .split_rank = 1});
  for (const KindFamily& kind : topology.kinds()) {
    for (int g = 0; g < kind.family.group_count(); ++g) {
      std::vector<int> visited;
      each_rank(kind.family, g, [&](int rank) { visited.push_back(rank); });
      CHECK(visited == kind.family.group(g).to_vector());
    }
  }
}

TEST_CASE("short lists are whole, long ones have a middle left out") {
  CHECK(full_text(block_of(3), 0) == "[0, 1, 2]");
  CHECK(full_text(block_of(1), 0) == "[0]");
  for (const int size : {1, 9, 10, 11, 100}) {
    CHECK(full_width(block_of(size), 0) == full_text(block_of(size), 0).size());
  }
  CHECK(list_text(block_of(10), 0, 30) == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]");
  CHECK(list_text(block_of(10), 0, 29) == "[0, 1, 2, ... 8, 9] (10 ranks)");
  CHECK(list_text(block_of(5), 0, 3) == "[0, 1, 2, 3, 4]");
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

TEST_CASE("patterns") {
  const Topology topology({.world_size = 16, .tensor = 2, .pipeline = 4});
  CHECK(pattern_text(topology.family(GroupKind::sequence)) == "-");
  CHECK(pattern_text(topology.family(GroupKind::tensor)) == "2:1");
  CHECK(pattern_text(topology.family(GroupKind::model)) == "2:1 4:4");
  CHECK(pattern_text(topology.family(GroupKind::embedding)) == "4:4@0,3");
}

TEST_CASE("counts and their nouns") {
  CHECK(counted(1, "group") == "1 group");
  CHECK(counted(2, "group") == "2 groups");
  CHECK(groups_text(block_of(4)) == "1 group of 4");
}
