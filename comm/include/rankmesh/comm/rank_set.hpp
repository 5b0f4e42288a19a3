#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// A set of ranks as disjoint ranges in ascending order: one range for the subtree of a broadcast tree or a
/// whole world, however large. A regular value.
class RankSet {
 public:
  /// The ranks first, first + 1, ..., last.
  struct Range {
    /// The first rank.
    int first = 0;
    /// The last rank, included.
    int last = 0;

    bool operator==(const Range&) const = default;
  };

  RankSet() = default;
  /// The set of one rank.
  explicit RankSet(int rank) : ranges_{{rank, rank}} {}
  /// The ranks 0 .. count - 1.
  [[nodiscard]] static RankSet first_ranks(int count);
  /// The union of ranges, which may overlap and be in any order. Ranges with last < first are empty.
  [[nodiscard]] static RankSet of(std::vector<Range> ranges);
  /// The set of some ranks, in any order and perhaps more than once. O(n log n).
  [[nodiscard]] static RankSet of_ranks(std::span<const int> ranks);

  /// The ranges in ascending order, with gaps between them.
  [[nodiscard]] std::span<const Range> ranges() const& noexcept { return ranges_; }
  std::span<const Range> ranges() const&& = delete;
  /// The ranks one by one, in ascending order. O(size).
  [[nodiscard]] std::vector<int> to_vector() const;
  /// The number of ranks.
  [[nodiscard]] std::int64_t size() const noexcept;
  /// Whether the set has no rank.
  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
  /// O(log ranges).
  [[nodiscard]] bool contains(int rank) const noexcept;

  /// Adds the ranks of another set. O(ranges of both).
  void insert(const RankSet& other);
  /// The ranks 0 .. world_size - 1 that are not in this set.
  [[nodiscard]] RankSet complement(int world_size) const;
  /// The ranks of this set that are not in another. O(ranges of both).
  [[nodiscard]] RankSet without(const RankSet& other) const;

  /// `rank 3`, `ranks 0-3, 8 and 12-15`; beyond `max_ranges` ranges `... and 96 more ranks`; `no rank`.
  [[nodiscard]] std::string to_string(std::size_t max_ranges = 8) const;

  bool operator==(const RankSet&) const = default;

 private:
  std::vector<Range> ranges_;
};

}  // namespace rankmesh
