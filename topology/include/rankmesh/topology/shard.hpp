#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Consecutive indices, counted from 0: first, first + 1, ..., first + count - 1.
struct IndexRange {
  /// The first index of the range.
  std::int64_t first = 0;
  /// The number of indices.
  std::int64_t count = 0;

  /// The first index after the range.
  [[nodiscard]] constexpr std::int64_t end() const noexcept { return first + count; }
  /// Whether an index is in the range.
  [[nodiscard]] constexpr bool contains(std::int64_t index) const noexcept {
    return index >= first && index < end();
  }

  /// Equal when first and count are.
  bool operator==(const IndexRange&) const = default;
};

/// One of the equal parts that indices 0 .. length - 1 are divided into.
struct ShardQuery {
  /// The number of indices.
  std::int64_t length = 0;
  /// The number of parts.
  std::int64_t parts = 1;
  /// The part, from 0: for example the position in a tensor group.
  std::int64_t part = 0;
};

/// The indices of one part: for example the columns of a weight that one rank of a tensor group holds, or the
/// tokens of one rank of a sequence group.
/// @throws ConfigError if `parts` does not divide `length`; `check_division` reports that without an
/// exception
/// @throws RangeError if there is no such part
[[nodiscard]] IndexRange shard(const ShardQuery& query);

/// A size of the job's own that a layout divides into equal parts: for example the number of attention heads,
/// divided by `tensor`.
struct Division {
  /// The name of the size: `heads`.
  std::string field{};
  /// The size.
  std::int64_t length = 0;
  /// The number of parts.
  std::int64_t parts = 1;
  /// The divisor in words: `tensor = 2 times sequence = 2`.
  std::string by{};
};

/// Checks that a size is divided into equal parts. The result has the form of the layout's own diagnostics,
/// so that a job can report both in one list: `heads = 6 is no positive multiple of tensor = 4; nearest: 4,
/// 8`.
/// @return nothing if the parts are equal
/// @throws RangeError if there is not at least one part
[[nodiscard]] std::optional<Diagnostic> check_division(const Division& division);

}  // namespace rankmesh
