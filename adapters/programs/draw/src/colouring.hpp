#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "palette.hpp"
#include "tiling.hpp"

namespace rankmesh::cli {

/// Looks for the groups that cells belong to: one colour each as long as there are enough, and so that
/// different groups side by side do not look alike.
class Colouring {
 public:
  /// @param groups the group of each cell; nothing for a cell in none
  Colouring(std::span<const std::optional<int>> groups, const Tiling& tiling);

  /// @param group one that some cell belongs to
  [[nodiscard]] Look look(int group) const { return looks_.at(group); }
  /// Whether no two groups look alike.
  [[nodiscard]] bool is_unique() const noexcept { return unique_; }

 private:
  std::map<int, Look> looks_;
  bool unique_ = true;
};

}  // namespace rankmesh::cli
