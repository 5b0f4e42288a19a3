#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Consecutive things, counted from 0: first, first + 1, ..., first + count - 1.
struct IndexRange {
  /// The first index of the range.
  std::int64_t first = 0;
  /// How many there are.
  std::int64_t count = 0;

  /// The first index behind the range.
  [[nodiscard]] constexpr std::int64_t end() const noexcept { return first + count; }
  /// Whether an index is in the range.
  [[nodiscard]] constexpr bool contains(std::int64_t index) const noexcept {
    return index >= first && index < end();
  }

  /// Equal when first and count are.
  bool operator==(const IndexRange&) const = default;
};

/// Which part of something that is cut into equal parts?
struct ShardQuery {
  /// The whole.
  std::int64_t length = 0;
  /// How many parts there are.
  std::int64_t parts = 1;
  /// Counted from 0: the position in a tensor group, say.
  std::int64_t part = 0;
};

/// The part: the columns of a weight that one rank of a tensor group holds, the tokens of one rank of a
/// sequence group, the sequences of one rank of a data group.
/// @throws ConfigError if the parts are not equal; say so before, with `check_division`
/// @throws RangeError if there is no such part
[[nodiscard]] IndexRange shard(const ShardQuery& query);

/// A size of the job's own that the layout cuts into equal parts: the heads, say, by `tensor`.
struct Division {
  /// What it is called: `heads`.
  std::string field{};
  /// The whole.
  std::int64_t length = 0;
  /// How many parts it is cut into.
  std::int64_t parts = 1;
  /// What cuts it, in words: `tensor = 2 times sequence = 2`.
  std::string by{};
};

/// What is wrong with a division, so that a job can report its own sizes in one list with those of the
/// layout: `heads = 6 is no positive multiple of tensor = 4; nearest: 4, 8`. Nothing if the parts are equal.
/// @throws RangeError if there is not at least one part
[[nodiscard]] std::optional<Diagnostic> check_division(const Division& division);

}  // namespace rankmesh
