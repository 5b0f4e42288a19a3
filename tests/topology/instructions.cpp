// Makes a topology and queries everything about some of its ranks, for a tool that counts instructions:
//   topology_instructions WORLD_SIZE reference|megatron-core

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "rankmesh/topology/topology.hpp"

using namespace rankmesh;

namespace {

ParallelConfig config_of(std::int64_t world_size, bool is_reference) {
  if (is_reference) {
    return {.world_size = world_size, .tensor = 8, .pipeline = 16, .split_rank = 5, .fp8 = true};
  }
  return {.world_size = world_size,
          .tensor = 4,
          .pipeline = 8,
          .convention = Convention::megatron_core,
          .context = 2,
          .expert = 8,
          .expert_tensor = 2,
          .optimizer_instances = 2,
          .hierarchical_context = {2}};
}

/// The ranks of all stages in the first and last few pipelines: the same positions for every world size.
std::vector<int> ranks_of(const Topology& topology) {
  constexpr int few = 8;
  const GroupFamily& pipelines = topology.family(GroupKind::pipeline);
  std::vector<int> ranks;
  for (int stage = 0; stage < pipelines.group_size(); ++stage) {
    for (int i = 0; i < few; ++i) {
      ranks.push_back(pipelines.rank_at({i, stage}));
      ranks.push_back(pipelines.rank_at({pipelines.group_count() - 1 - i, stage}));
    }
  }
  return ranks;
}

}  // namespace

/// The instructions of this function or of the next one are counted.
extern "C" [[gnu::noinline]] void make_topology(const ParallelConfig& config, std::optional<Topology>& made) {
  made.emplace(config);
}

/// The group, the position, the size, the first member and the neighbours in every kind.
extern "C" [[gnu::noinline]] long ask_about_ranks(const Topology& topology, const std::vector<int>& ranks) {
  long answers = 0;
  for (const int rank : ranks) {
    for (const KindFamily& kind : topology.kinds()) {
      const auto place = kind.family.locate(rank);
      if (!place) continue;
      const RankList group = kind.family.group(place->group);
      const int size = group.size();
      answers += place->group + place->position + size + group.front();
      answers += group[place->position + 1 == size ? 0 : place->position + 1];
    }
  }
  return answers;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const ParallelConfig config = config_of(std::atoll(argv[1]), std::string_view(argv[2]) == "reference");
  std::optional<Topology> made;
  make_topology(config, made);
  const Topology& topology = *made;
  const std::vector<int> ranks = ranks_of(topology);
  std::printf("%ld answers about %zu ranks, %zu kinds\n", ask_about_ranks(topology, ranks), ranks.size(),
              topology.kinds().size());
}
