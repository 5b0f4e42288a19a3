#pragma once

#include <span>
#include <string_view>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_kind.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// How a kind is called.
struct KindNames {
  /// Here: `data_context`.
  std::string_view name;
  /// By users of Megatron-Core, in its NCCL configuration files for one: `dp_cp`.
  std::string_view short_name;
  /// Whether there are several, numbered: `hybrid_data_context_2`, `hybrid_data_context_4`, ...
  bool is_numbered = false;
};

/// Every kind that a convention has.
[[nodiscard]] std::span<const KindNames> kind_names() noexcept;

/// `tp` for `tensor`, `hcp_1` for `hierarchical_context_1`; a kind that has no other name is its own.
[[nodiscard]] GroupKind short_name_of(GroupKind kind);
/// `tensor` for `tp`; a kind that is no short name is its own.
[[nodiscard]] GroupKind long_name_of(GroupKind kind);

}  // namespace rankmesh
