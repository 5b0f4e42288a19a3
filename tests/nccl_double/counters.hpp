#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>

#include "rankmesh/nccl_double.hpp"

namespace rankmesh::nccl_double {

/// The counters of this process.
struct AtomicCounters {
  std::atomic<std::int64_t> live_communicators, unconsumed_ids, threads, live_streams, live_allocations,
      allocated_bytes, communicator_bytes, ids_made, init_calls, split_calls, shrink_calls, grow_calls,
      revoke_calls, finalize_calls, destroy_calls, abort_calls, collective_calls, cuda_calls, messages, bytes;
};

[[nodiscard]] AtomicCounters& atomic_counters();

inline void count_message(std::size_t bytes) {
  if (bytes == 0) return;
  ++atomic_counters().messages;
  atomic_counters().bytes += static_cast<std::int64_t>(bytes);
}

/// Starts a thread that is counted while it runs.
template <typename Body>
[[nodiscard]] std::thread counted_thread(Body body) {
  ++atomic_counters().threads;
  return std::thread([body = std::move(body)]() mutable {
    body();
    --atomic_counters().threads;
  });
}

}  // namespace rankmesh::nccl_double
