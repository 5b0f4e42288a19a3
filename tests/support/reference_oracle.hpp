#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lists.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::tests {

/// The kinds of the reference module with their lists, in creation order.
using NamedLists = std::vector<std::pair<std::string, Lists>>;

/// The ranks first, first + step, ... below end.
inline std::vector<int> every(int first, int end, int step) {
  std::vector<int> ranks;
  for (int rank = first; rank < end; rank += step) ranks.push_back(rank);
  return ranks;
}

/// Blocks of consecutive ranks.
inline Lists blocks(int world_size, int size) {
  Lists lists;
  for (int first = 0; first < world_size; first += size) lists.push_back(every(first, first + size, 1));
  return lists;
}

/// Member i of every list, for each i.
inline Lists columns(const Lists& lists) {
  Lists result;
  for (std::size_t i = 0; i < lists.front().size(); ++i) {
    std::vector<int> column;
    for (const auto& list : lists) column.push_back(list[i]);
    result.push_back(column);
  }
  return result;
}

/// The embedding groups (with the last stage) or the position embedding groups (without).
inline Lists pick_stages(const Lists& pipelines, const ParallelConfig& config, bool with_last) {
  Lists result;
  for (const std::vector<int>& pipeline : pipelines) {
    std::vector<int> ranks{pipeline.front()};
    if (pipeline.size() > 1) {
      if (with_last) ranks.push_back(pipeline.back());
      if (config.split_rank) {
        const int split = pipeline[static_cast<std::size_t>(*config.split_rank)];
        bool present = false;
        for (const int rank : ranks) present = present || rank == split;
        if (!present) ranks.insert(ranks.begin() + 1, split);
      }
    }
    result.push_back(ranks);
  }
  return result;
}

/// The lists of a valid configuration, made by the loops of the reference module: nothing in common with the
/// closed forms but the definition.
inline NamedLists reference_lists(const ParallelConfig& config) {
  const int world = static_cast<int>(config.world_size);
  const int t = static_cast<int>(config.tensor);
  const int p = static_cast<int>(config.pipeline);
  const int s = static_cast<int>(config.sequence);
  const int d = world / (t * p * s);

  Lists data;
  const int step = s > 1 ? s : t;
  for (int i = 0; i < p; ++i) {
    for (int j = 0; j < step; ++j) data.push_back(every(i * (world / p) + j, (i + 1) * (world / p), step));
  }
  const Lists sequence_data = s > 1 ? blocks(world, s * d) : data;
  Lists pipeline;
  for (int i = 0; i < world / p; ++i) pipeline.push_back(every(i, world, world / p));

  NamedLists result{{"data", data},
                    {"sequence", blocks(world, s)},
                    {"sequence_data", sequence_data},
                    {"model", columns(sequence_data)},
                    {"tensor", blocks(world, t)},
                    {"pipeline", pipeline},
                    {"embedding", pick_stages(pipeline, config, true)},
                    {"position_embedding", pick_stages(pipeline, config, false)}};
  if (config.fp8) {
    // With s > 1, t and p are 1, and the ranks that differ in tp, dp or sp are the whole world.
    const bool product = config.amax_rule == AmaxRule::data_tensor_product;
    result.emplace_back("amax", blocks(world, product ? t * d * s : t * d));
  }
  return result;
}

}  // namespace rankmesh::tests
