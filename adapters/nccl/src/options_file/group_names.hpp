#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh::nccl::options_file {

/// The names of groups in an option file.
class GroupNames {
 public:
  /// The kinds of the reference, under its names and Megatron-Core's.
  GroupNames() = default;
  /// The kinds of a topology, which must outlive this object.
  explicit GroupNames(const Topology& topology) noexcept : topology_(&topology) {}

  /// The kinds that a name stands for: an empty list if the topology does not make the kind, nothing if no
  /// kind has that name.
  [[nodiscard]] std::optional<std::vector<GroupKind>> kinds_of(std::string_view name) const;
  /// `data or dp, tensor or tp`: for messages.
  [[nodiscard]] std::string known() const;

 private:
  const Topology* topology_ = nullptr;
};

}  // namespace rankmesh::nccl::options_file
