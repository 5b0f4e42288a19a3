#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "device.hpp"
#include "job.hpp"
#include "proof.hpp"
#include "way.hpp"

namespace rankmesh::bench {

/// One repetition of one way, the same on every rank but for the failures.
struct Sample {
  /// From the moment when all ranks are there until the slowest has its communicators.
  double milliseconds = 0;
  /// Of the GPUs' memory, by all ranks together: when the communicators were made, and when each was used.
  std::int64_t bytes_made = 0;
  std::int64_t bytes_used = 0;
  /// On the rank that has most.
  std::int64_t threads = 0;
  std::int64_t communicators = 0;
  /// Messages of the library, and of the ways beside it: those inside of MPI's collective calls are not seen.
  std::int64_t messages = 0;
  /// Unique IDs of all ranks, and communicators alive on the rank that has most, where they are counted.
  std::optional<std::int64_t> identifiers_counted{};
  std::optional<std::int64_t> communicators_counted{};
  bool members_proven = true;
  bool order_proven = true;
  /// Why nothing was made; the same on every rank.
  std::string error{};
  /// Whether this way cannot be had here: no failure.
  bool unavailable = false;
  /// What the proofs found: those of all ranks on rank 0, elsewhere nothing.
  std::vector<std::string> findings{};
};

/// Makes the communicators, proves and closes them.
/// @collective over the job
/// @throws nccl::NcclError, DeadlineError: no collective call may follow
[[nodiscard]] Sample measure(const Job& job, const Device& device, Prover& prover, const Topology& topology,
                             Way& way);

}  // namespace rankmesh::bench
