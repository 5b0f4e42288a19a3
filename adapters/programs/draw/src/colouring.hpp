#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "palette.hpp"
#include "tiling.hpp"

namespace rankmesh::cli {

/// Chooses a look for each group: a colour of its own while there are enough, and never the look of a group
/// beside it.
class Colouring {
 public:
  /// @param groups the group of each cell, if any
  Colouring(std::span<const std::optional<int>> groups, const Tiling& tiling);

  /// @param group the group of some cell
  [[nodiscard]] Look look(int group) const { return looks_.at(group); }
  /// Whether no two groups look alike.
  [[nodiscard]] bool is_unique() const noexcept { return unique_; }

 private:
  std::map<int, Look> looks_;
  bool unique_ = true;
};

}  // namespace rankmesh::cli
