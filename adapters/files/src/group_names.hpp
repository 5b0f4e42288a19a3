#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh::files {

/// What the groups of an option file may be called, and which kinds they are.
class GroupNames {
 public:
  /// The kinds of the reference, under its names and Megatron-Core's.
  GroupNames() = default;
  /// The kinds of a topology, which must outlive this object.
  explicit GroupNames(const Topology& topology) noexcept : topology_(&topology) {}

  /// The kinds that a name stands for: none where the kind is known and this topology does not make it;
  /// nothing for a name that no kind has.
  [[nodiscard]] std::optional<std::vector<GroupKind>> kinds_of(std::string_view name) const;
  /// `data or dp, tensor or tp`: for messages.
  [[nodiscard]] std::string known() const;

 private:
  const Topology* topology_ = nullptr;
};

}  // namespace rankmesh::files
