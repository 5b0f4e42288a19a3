#pragma once

#include <span>
#include <vector>

#include "rankmesh/topology/survivors.hpp"
#include "survive/replicas.hpp"

namespace rankmesh {

/// Adds what is wrong with a number of spares.
void check_spares(const Topology& topology, int spares, Diagnostics& found);

/// What does not depend on which ranks are lost. It serves any number of losses.
class LossModel {
 public:
  /// @throws ConfigError if `check_spares` finds something, or as `Replicas` and `state_holders` do
  LossModel(const Topology& topology, const SurvivorOptions& options);

  [[nodiscard]] const Replicas& replicas() const noexcept { return replicas_; }
  [[nodiscard]] const StateHolders& holders() const noexcept { return holders_; }

  /// The replicas of the layout that is left; 0 if there is none. O(1) for most layouts.
  [[nodiscard]] int replicas_left(int lost, int spares) const;
  /// O(lost * log(lost)).
  /// @param lost ranks, ascending
  [[nodiscard]] LossCost cost(std::span<const int> lost, int spares) const;
  /// The groups of a family of which all ranks are lost. O(lost * log(lost) + ranks of these groups).
  /// @param lost ranks, ascending
  [[nodiscard]] static std::vector<GoneState> gone(const GroupFamily& family, std::span<const int> lost);

 private:
  Replicas replicas_;
  StateHolders holders_;
};

}  // namespace rankmesh
