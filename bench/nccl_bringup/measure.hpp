#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "device.hpp"
#include "job.hpp"
#include "strategy.hpp"

namespace rankmesh::bench {

/// The measurement of one strategy in one repetition. The same on every rank, except `findings`.
struct Sample {
  /// From a barrier until the slowest rank has its communicators.
  double milliseconds = 0;
  /// GPU memory of all ranks together: after creation, and after the first collective on each communicator.
  std::int64_t bytes_made = 0;
  std::int64_t bytes_used = 0;
  /// On the rank with the most.
  std::int64_t threads = 0;
  std::int64_t communicators = 0;
  /// Messages sent with MPI_Isend, on the rank with the most. Messages inside of other MPI calls are not
  /// counted.
  std::int64_t messages = 0;
  /// Unique IDs of all ranks, and communicators on the rank with the most, if `counts()` has them.
  std::optional<std::int64_t> identifiers_counted{};
  std::optional<std::int64_t> communicators_counted{};
  bool members_proven = true;
  bool order_proven = true;
  /// Why no communicators were created; empty if they were.
  std::string error{};
  /// Whether this NCCL version lacks the strategy, which is no failure.
  bool unavailable = false;
  /// On rank 0: what the proofs of all ranks found wrong.
  std::vector<std::string> findings{};
};

/// Creates the communicators, proves and closes them.
/// @collective over the job
/// @throws nccl::NcclError, DeadlineError; no collective may be called after them
[[nodiscard]] Sample measure(const Job& job, const Device& device, const Topology& topology,
                             Strategy& strategy);

}  // namespace rankmesh::bench
