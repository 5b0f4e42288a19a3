#include "rank_ranges.hpp"

#include <mpi.h>

#include <algorithm>
#include <string>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using mpi::RankRange;

namespace {

/// The ranks that MPI derives from ranges.
std::vector<int> expanded(const std::vector<RankRange>& ranges) {
  std::vector<int> ranks;
  for (const auto& [first, last, stride] : ranges) {
    REQUIRE(stride != 0);
    for (int i = 0; i <= (last - first) / stride; ++i) ranks.push_back(first + i * stride);
  }
  return ranks;
}

/// The largest number of ranges of a group of a kind.
std::size_t most_ranges(const Topology& topology, GroupKind kind) {
  std::size_t most = 0;
  const GroupFamily& family = topology.family(kind);
  for (int group = 0; group < family.group_count(); ++group) {
    most = std::max(most, mpi::ranges_of(family.group(group)).size());
  }
  return most;
}

}  // namespace

TEST_CASE("ranges hold the ranks of each group in their order") {
  for (const std::string text :
       {"world=1", "world=24 tp=2 pp=3", "world=64 tp=4 pp=4 split-rank=1 fp8",
        "world=8 convention=extended sp=2 tp=2",
        "world=32 convention=megatron-core tp=2 cp=2 ep=4 pp=2 order=tp-pp-cp-ep-dp",
        "world=16 convention=megatron-core tp=2 ep=2 pp=2 optimizer-instances=2 rank-offset=5",
        "world=16 convention=megatron-core cp=4 hierarchical-cp=2,2 pp=4 embedding-stages=3,0,1"}) {
    const Topology topology(parse_config(text));
    for (const KindFamily& kind : topology.kinds()) {
      for (int group = 0; group < kind.family.group_count(); ++group) {
        CAPTURE(text, kind.kind.name(), group);
        const RankList ranks = kind.family.group(group);
        CHECK(expanded(mpi::ranges_of(ranks)) == ranks.to_vector());
      }
    }
  }
}

TEST_CASE("a group of one stride is one range, and one of two strides a range for each run") {
  const Topology topology({.world_size = 1024, .tensor = 8, .pipeline = 4});
  for (const GroupKind kind :
       {GroupKind::tensor, GroupKind::data, GroupKind::pipeline, GroupKind::embedding}) {
    CHECK(most_ranges(topology, kind) == 1);
  }
  // Eight tensor ranks in each of four stages.
  CHECK(most_ranges(topology, GroupKind::model) == 4);
}
