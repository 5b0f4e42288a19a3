#pragma once

#include <cstdint>
#include <optional>

namespace rankmesh::bench {

/// How this process used NCCL. Only the test double of NCCL counts this.
struct Counts {
  /// Unique IDs created so far.
  std::int64_t identifiers = 0;
  /// Communicators that exist now.
  std::int64_t communicators = 0;
};

/// Nothing with the real NCCL. The tests link another definition, for the test double.
[[nodiscard]] std::optional<Counts> counts();

}  // namespace rankmesh::bench
