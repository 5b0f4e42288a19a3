#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "state/holders.hpp"

namespace rankmesh {

/// Who holds what of a class. The class is cut into *lines* of equal layers and experts, wherever a layout
/// cuts; a line is cut into pieces with the same holders.
class StateGrid {
 public:
  /// A block that the processes with a key hold.
  struct Held {
    StateBlock block{};
    int key = 0;
  };
  /// A part of a line, with its holders or `Holders::none`.
  struct Piece {
    StateBlock block{};
    int holders = Holders::none;
  };

  /// @param held what processes hold
  /// @param needed blocks that will be asked for
  StateGrid(std::size_t kind, std::vector<Held> held, const std::vector<StateBlock>& needed,
            Holders& holders);

  /// Adds the pieces of a block that was announced as needed, by layer, expert and interval.
  void add_pieces(const StateBlock& block, std::vector<Piece>& pieces) const;

 private:
  struct Interval {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    /// Before the lines are cut, the number of a block.
    int holders = Holders::none;
  };
  using Line = std::vector<Interval>;

  [[nodiscard]] std::size_t line_at(std::size_t layers, std::size_t experts) const noexcept {
    return layers * (experts_.size() - 1) + experts;
  }

  /// Where layers and experts are cut, ascending.
  std::vector<std::int64_t> layers_;
  std::vector<std::int64_t> experts_;
  std::vector<Line> lines_;
};

}  // namespace rankmesh
