#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

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
/// so that a job can report both in one list: `heads = 6 is no positive multiple of tensor = 4; it divides
/// into 3 or 6 equal parts`. Other lengths are not suggested: a model has the size that it has.
/// `check_model_size` suggests parallel sizes. O(sqrt(length)) if the parts are not equal.
/// @return nothing if the parts are equal
/// @throws RangeError if there is not at least one part
[[nodiscard]] std::optional<Diagnostic> check_division(const Division& division);

/// A size of the model that the product of some parallel sizes divides: for example the number of layers,
/// divided by `pipeline` times `virtual_pipeline`.
struct ModelSize {
  /// The name of the size: `layers`.
  std::string field{};
  /// The size.
  std::int64_t length = 0;
  /// Fields of ParallelConfig that are numbers. A field without a value is ignored.
  std::vector<std::string> divided_by{};
};

/// `check_division` for a size of the model. The rule ends with parallel sizes that work, which make a valid
/// configuration: `layers = 12 is no positive multiple of pipeline = 8; take pipeline = 4`.
/// @param config valid
/// @return nothing if the parts are equal
/// @throws RangeError if a field is unknown or no number
[[nodiscard]] std::optional<Diagnostic> check_model_size(const ModelSize& size, const ParallelConfig& config);

}  // namespace rankmesh
