#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// The names to print kinds with: the long ones of rankmesh, or the short ones of Megatron-Core.
enum class Names { of_rankmesh, of_megatron };

[[nodiscard]] inline std::string_view name_of(const KindFamily& kind, Names names) {
  return names == Names::of_megatron ? kind.short_name.name() : kind.kind.name();
}

/// `world of 16 ranks: tp=2 sp=1 dp=2 pp=4 (leftmost varies fastest)`, with the number of nodes if
/// `gpus_per_node` is given. Further lines have the other meshes, and the ranks of the job if the layout is
/// only a part of it.
[[nodiscard]] std::vector<std::string> world_lines(const Topology& topology,
                                                   std::optional<int> gpus_per_node);

}  // namespace rankmesh::cli
