#pragma once

#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_kind.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The two names of a kind.
struct KindNames {
  /// The name in this library: `data_context`.
  std::string_view name;
  /// Megatron-Core's name, used for example in its NCCL configuration files: `dp_cp`.
  std::string_view short_name;
  /// Whether the names stand for several kinds with a number each: `hybrid_data_context_2`,
  /// `hybrid_data_context_4`, ...
  bool is_numbered = false;
};

/// The names of every kind of the conventions `reference`, `extended` and `megatron_core`, each kind once.
[[nodiscard]] std::vector<KindNames> kind_names();

/// Megatron-Core's name of a kind: `tp` for `tensor`, `hcp_1` for `hierarchical_context_1`. A kind without
/// another name is returned as it is.
[[nodiscard]] GroupKind short_name_of(GroupKind kind);
/// The inverse of `short_name_of`: `tensor` for `tp`. A kind whose name is no short name is returned as it
/// is.
[[nodiscard]] GroupKind long_name_of(GroupKind kind);

}  // namespace rankmesh
