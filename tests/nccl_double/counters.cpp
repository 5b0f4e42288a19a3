#include "counters.hpp"

namespace rankmesh::nccl_double {

AtomicCounters& atomic_counters() {
  static AtomicCounters counters{};
  return counters;
}

extern "C" void rankmesh_nccl_double_counters(Counters* counters) {
  const AtomicCounters& now = atomic_counters();
  *counters = {.live_communicators = now.live_communicators,
               .unconsumed_ids = now.unconsumed_ids,
               .threads = now.threads,
               .live_streams = now.live_streams,
               .live_allocations = now.live_allocations,
               .allocated_bytes = now.allocated_bytes,
               .communicator_bytes = now.communicator_bytes,
               .ids_made = now.ids_made,
               .init_calls = now.init_calls,
               .split_calls = now.split_calls,
               .shrink_calls = now.shrink_calls,
               .grow_calls = now.grow_calls,
               .revoke_calls = now.revoke_calls,
               .finalize_calls = now.finalize_calls,
               .destroy_calls = now.destroy_calls,
               .abort_calls = now.abort_calls,
               .collective_calls = now.collective_calls,
               .cuda_calls = now.cuda_calls,
               .messages = now.messages,
               .bytes = now.bytes};
}

}  // namespace rankmesh::nccl_double
