#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/state_holders.hpp"

namespace rankmesh {

/// What the coordinate of a rank along an axis says about the weights that the rank holds.
enum class AxisRole {
  /// Nothing: the ranks along the axis hold the same weights.
  copy,
  /// The part of the tensors.
  tensor,
  /// The part of the experts.
  expert,
  /// The stage of the pipeline.
  stage,
  /// A part, in a way that is not known here.
  other,
  /// It is not known whether it says anything; such an axis is reported.
  unknown,
};

/// The axes that say what ranks hold, of the dense weights or of those of the experts. It is the only place
/// where axes get a role: who holds the same (`state_holders`) and what ranks hold (`StateMap`) follow from
/// it.
class StateAxes {
 public:
  /// @param for_experts the weights of experts: on the first mesh with an axis of experts, else on the mesh
  /// of
  ///        the dense weights
  /// @param found gets every axis of which the role is not known, and every wrong name of `copy_axes`
  StateAxes(const Topology& topology, bool for_experts, const StateOptions& options, Diagnostics& found);

  /// Whether a mesh has an axis of experts.
  [[nodiscard]] static bool has_experts(const Topology& topology) noexcept;

  /// The axes with a role, in the order of the mesh.
  [[nodiscard]] std::vector<std::string_view> with(AxisRole role) const;
  /// The size of an axis of the mesh.
  [[nodiscard]] int size(std::string_view axis) const { return mesh_.size(axis); }
  /// The parts that the axes with a role make; 1 if there is none. At most one axis has each of the roles
  /// `tensor`, `expert` and `stage`.
  [[nodiscard]] int parts(AxisRole role) const;
  /// The part of a rank: `tensor`, `expert` or `stage`.
  [[nodiscard]] int part_of(int rank, AxisRole role) const;
  /// The groups of ranks that differ in axes of copies only.
  [[nodiscard]] GroupFamily copies() const;

 private:
  Mesh mesh_;
  int first_rank_ = 0;
  int world_size_ = 1;
  /// Of each axis of the mesh.
  std::vector<AxisRole> roles_;
};

}  // namespace rankmesh
