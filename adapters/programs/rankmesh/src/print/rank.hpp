#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster_options.hpp"
#include "common_options.hpp"
#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// What to print about a rank.
struct RankRequest {
  int rank = 0;
  /// All kinds if empty.
  std::vector<GroupKind> kinds{};
  Format format = Format::text;
  /// Prints every list in full.
  bool all = false;
  std::optional<int> gpus_per_node{};
  std::optional<PlacedRanks> where{};
  /// Where the layers of the model are.
  std::optional<PipelineLayout> layout{};
  Names names = Names::of_rankmesh;
};

/// Prints everything about a rank. Constant memory, whatever the sizes of its groups.
void print_rank(const Topology& topology, const RankRequest& request, Writer& out, Style style);

/// `print_rank` as a JSON object.
void print_rank_json(const Topology& topology, const RankRequest& request, Writer& out);

/// The group of a kind that concerns a rank, if any. A rank that is not a member may have a group without a
/// position: for example, the embedding group picked from its pipeline.
struct Membership {
  std::optional<int> group{};
  std::optional<int> position{};
};
[[nodiscard]] Membership membership(const Topology& topology, const KindFamily& kind, int rank);

/// The mesh of the experts, if it differs from the mesh of the dense layers.
[[nodiscard]] const Mesh* expert_mesh(const Topology& topology);

/// What one virtual stage of the rank holds.
/// @param request has a layout
[[nodiscard]] ChunkContent content_of(const Topology& topology, const RankRequest& request,
                                      std::int64_t virtual_stage);

}  // namespace rankmesh::cli
