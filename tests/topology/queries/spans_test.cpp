#include "rankmesh/topology/spans.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "rankmesh/topology/topology.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using rankmesh::tests::share_of;

namespace {

/// The slow, obvious way: the block of every rank of every group.
BlockSpan slow_span(const GroupFamily& family, int block_size) {
  BlockSpan span{.fewest = 1 << 30, .most = 0};
  for (int g = 0; g < family.group_count(); ++g) {
    std::set<int> blocks;
    for (const int rank : family.group(g)) blocks.insert(rank / block_size);
    span.fewest = std::min(span.fewest, static_cast<int>(blocks.size()));
    span.most = std::max(span.most, static_cast<int>(blocks.size()));
  }
  return span;
}

}  // namespace

TEST_CASE("spans by hand", "[spans]") {
  const Topology topology({.world_size = 24, .tensor = 3, .pipeline = 2});
  CHECK(block_span(topology.family(GroupKind::tensor), 8) == BlockSpan{1, 2});
  CHECK(block_span(topology.family(GroupKind::tensor), 3) == BlockSpan{1, 1});
  CHECK(block_span(topology.family(GroupKind::pipeline), 8) == BlockSpan{2, 2});
  CHECK(block_span(topology.family(GroupKind::sequence), 8) == BlockSpan{1, 1});
  CHECK(block_span(topology.family(GroupKind::data), 1) == BlockSpan{4, 4});
}

TEST_CASE("spans of every kind agree with the lists", "[spans]") {
  for (const ParallelConfig& config :
       {ParallelConfig{.world_size = 48, .tensor = 2, .pipeline = 4, .split_rank = 2, .fp8 = true},
        ParallelConfig{.world_size = 60, .tensor = 3, .pipeline = 5, .fp8 = true},
        ParallelConfig{.world_size = 36, .sequence = 6, .fp8 = true}, ParallelConfig{.world_size = 7}}) {
    const Topology topology(config);
    for (const KindFamily& kind : topology.kinds()) {
      for (int size = 1; size <= config.world_size + 2; ++size) {
        INFO(kind.kind.name() << " " << config.world_size << " " << size);
        CHECK(block_span(kind.family, size) == slow_span(kind.family, size));
      }
    }
  }
}

TEST_CASE("spans of families over any axes agree with the lists", "[spans]") {
  std::mt19937 random(20240917);
  const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  for (int round = 0; round < share_of(300); ++round) {
    const Mesh mesh({{"a", 1 + below(5)}, {"b", 1 + below(5)}, {"c", 1 + below(4)}, {"d", 1 + below(4)}});
    std::vector<std::string_view> varying;
    for (const Axis& axis : mesh.axes()) {
      if (below(2) == 0) varying.push_back(axis.name);
    }
    const GroupFamily family = mesh.family(varying);
    const std::vector<int> ends{family.group_size() - 1, 0};
    const int size = 1 + below(20);
    INFO(mesh.to_string() << ", " << varying.size() << " varying, blocks of " << size);
    CHECK(block_span(family, size) == slow_span(family, size));
    if (family.group_size() > 1) {
      CHECK(block_span(family.pick(ends), size) == slow_span(family.pick(ends), size));
    }
  }
}

TEST_CASE("spans of parts, slices and placed groups agree with the lists", "[spans]") {
  const GroupFamily whole = Mesh({{"a", 4}, {"b", 6}, {"c", 2}}).family({"b"});
  for (const GroupFamily& family :
       {whole.cut(2), whole.cut(3), whole.slice(1, 5), whole.placed(5, 70), whole.cut(2).placed(3, 60)}) {
    INFO(family.to_string());
    for (int size = 1; size <= 80; ++size) CHECK(block_span(family, size) == slow_span(family, size));
  }
}

TEST_CASE("blocks hold at least one rank", "[spans]") {
  CHECK_THROWS_WITH(block_span(GroupFamily(), 0), "blocks of 0 ranks do not exist: the least is 1");
  CHECK(block_span(GroupFamily(), 1) == BlockSpan{1, 1});
  CHECK(block_span(GroupFamily(), 2147483647) == BlockSpan{1, 1});
}

TEST_CASE("the members of a group in each block agree with the lists", "[spans]") {
  const GroupFamily whole = Mesh({{"a", 4}, {"b", 6}, {"c", 4}}).family({"b", "c"});
  const std::vector<int> ends{23, 0};
  for (const GroupFamily& family :
       {whole, whole.cut(8), whole.pick(ends), whole.slice(1, 2), whole.placed(5, 101)}) {
    INFO(family.to_string());
    for (const std::int64_t size : {1, 5, 7, 24, 96}) {
      const RankBlocks blocks{.first = family.first_rank(), .size = size, .count = (96 + size - 1) / size};
      for (int group = 0; group < family.group_count(); ++group) {
        std::vector<std::int64_t> expected(static_cast<std::size_t>(blocks.count));
        for (const int rank : family.group(group)) {
          ++expected[static_cast<std::size_t>((rank - blocks.first) / size)];
        }
        CHECK(members_per_block(family, group, blocks) == expected);
      }
    }
  }
  CHECK_THROWS_AS(members_per_block(whole, 4, {}), RangeError);
}

TEST_CASE("spans of groups whose digits are in any order agree with the lists", "[spans]") {
  const Digit inside[] = {{2, 6}, {3, 1}};
  const Digit outside[] = {{4, 12}, {2, 3}};
  const GroupFamily family{Grouping(inside, outside)};
  for (int size = 1; size <= 50; ++size) CHECK(block_span(family, size) == slow_span(family, size));
}

TEST_CASE("spans of the largest world are found without walking it", "[spans]") {
  const Topology topology({.world_size = 2147483640, .tensor = 8, .pipeline = 15});
  for (const KindFamily& kind : topology.kinds()) {
    const BlockSpan span = block_span(kind.family, 8);
    CHECK(span.fewest >= 1);
  }
  CHECK(block_span(topology.family(GroupKind::model), 8) == BlockSpan{15, 15});
}

TEST_CASE("spans of Megatron-Core's largest worlds are found without walking them", "[spans]") {
  // 2^30 ranks in one group of runs, and parts that do not fit the axes that they are cut from. A walk takes
  // a minute for each.
  for (const std::int64_t context : {4, 3}) {
    const Topology topology({.world_size = std::int64_t{context} << 28,
                             .tensor = 8,
                             .pipeline = 16,
                             .convention = Convention::megatron_core,
                             .context = context,
                             .expert = 8,
                             .order = "tp-dp-cp-ep-pp",
                             .optimizer_instances = 2});
    for (const KindFamily& kind : topology.kinds()) {
      for (const int size : {7, 8, 72}) {
        INFO(kind.kind.name());
        const BlockSpan span = block_span(kind.family, size);
        CHECK(span.fewest >= (kind.family.group_size() + size - 1) / size);
        const GroupBlocks blocks = blocks_of_group(kind.family, kind.family.group_count() - 1, size);
        CHECK(blocks.count >= span.fewest);
        CHECK(blocks.count <= span.most);
      }
    }
  }
}

TEST_CASE("spans of slices and of any parts agree with the lists", "[spans]") {
  std::mt19937 random(19);
  const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  for (int round = 0; round < share_of(600); ++round) {
    const Mesh mesh({{"a", 1 + below(4)}, {"b", 1 + below(6)}, {"c", 1 + below(6)}, {"d", 1 + below(3)}});
    std::vector<std::string_view> varying;
    for (const Axis& axis : mesh.axes()) {
      if (below(2) == 0) varying.push_back(axis.name);
    }
    GroupFamily family = mesh.family(varying);
    std::vector<int> pieces;
    for (int piece = 1; piece <= family.group_size(); ++piece) {
      if (family.group_size() % piece == 0) pieces.push_back(piece);
    }
    family = family.cut(pieces[static_cast<std::size_t>(below(static_cast<int>(pieces.size())))]);
    if (below(3) == 0) {
      const int first = below(family.group_count());
      family = family.slice(first, 1 + below(family.group_count() - first));
    }
    family = family.placed(below(4), family.world_size() + 5);
    const int size = 1 + below(20);
    INFO(family.to_string() << ", blocks of " << size);
    CHECK(block_span(family, size) == slow_span(family, size));
  }
}

TEST_CASE("spans of parts that repeat agree with the lists", "[spans]") {
  for (const int gap : {2, 3, 5}) {
    for (const int piece : {4, 9, 18, 12}) {
      const GroupFamily whole = Mesh({{"a", 6}, {"gap", gap}, {"b", 12}, {"c", 2}}).family({"a", "b"});
      for (int size = 1; size < 200; ++size) {
        INFO(whole.cut(piece).to_string() << ", blocks of " << size);
        CHECK(block_span(whole.cut(piece), size) == slow_span(whole.cut(piece), size));
      }
    }
  }
}

TEST_CASE("the blocks of one group agree with its list", "[spans]") {
  const GroupFamily whole = Mesh({{"a", 4}, {"b", 6}, {"c", 4}}).family({"a", "c"});
  const std::vector<int> some{13, 2, 7};
  const Digit inside[] = {{2, 6}, {3, 1}};
  const Digit outside[] = {{4, 12}, {2, 3}};
  for (const GroupFamily& family : {whole, whole.cut(8), whole.cut(2), whole.pick(some), whole.slice(1, 2),
                                    whole.placed(5, 101), GroupFamily{Grouping(inside, outside)},
                                    Mesh({{"a", 3}, {"b", 2}, {"c", 4}}).family({"a", "c"}).cut(4)}) {
    for (int size = 1; size < 30; ++size) {
      for (int group = 0; group < family.group_count(); ++group) {
        INFO(family.to_string() << ", blocks of " << size << ", group " << group);
        std::set<int> expected;
        for (const int rank : family.group(group)) expected.insert(rank / size);
        std::vector<int> blocks;
        for_each_block(family, group, size, [&](int block) {
          blocks.push_back(block);
          return true;
        });
        CHECK(blocks == std::vector<int>(expected.begin(), expected.end()));
        CHECK(blocks_of_group(family, group, size) ==
              GroupBlocks{*expected.begin(), *expected.rbegin(), static_cast<int>(expected.size())});
      }
    }
  }
  int visited = 0;
  for_each_block(whole, 0, 1, [&](int) { return ++visited < 3; });
  CHECK(visited == 3);
  CHECK_THROWS_AS(blocks_of_group(whole, 6, 1), RangeError);
  CHECK_THROWS_AS(for_each_block(whole, 0, 0, [](int) { return true; }), RangeError);
}
