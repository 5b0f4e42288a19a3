#pragma once

#include <cstdint>
#include <optional>

namespace rankmesh::bench {

/// What this process did with NCCL, as told by whoever stands in for it.
struct Counts {
  /// Unique IDs made so far.
  std::int64_t identifiers = 0;
  /// Communicators alive.
  std::int64_t communicators = 0;
};

/// Nothing with NCCL itself, which does not tell. The tests link another definition.
[[nodiscard]] std::optional<Counts> counts();

}  // namespace rankmesh::bench
