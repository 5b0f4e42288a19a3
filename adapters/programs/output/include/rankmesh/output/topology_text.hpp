#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// Which of its two names a kind is printed with.
enum class Names { of_rankmesh, of_megatron };

[[nodiscard]] inline std::string_view name_of(const KindFamily& kind, Names names) {
  return names == Names::of_megatron ? kind.short_name.name() : kind.kind.name();
}

/// `world of 16 ranks: tp=2 sp=1 dp=2 pp=4 (leftmost varies fastest)`, the nodes if there are any, and on
/// lines of their own the mesh of the experts and the place in the job, where there is more to say of them.
[[nodiscard]] std::string world_text(const Topology& topology, std::optional<int> gpus_per_node);

}  // namespace rankmesh::cli
