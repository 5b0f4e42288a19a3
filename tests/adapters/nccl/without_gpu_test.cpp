// A rank that gets no communicator needs no GPU.
#include "adapters/nccl/support.hpp"

namespace {

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl::Communicators;

constexpr const char* every_call_of_a_device_fails =
    "cudaGetDeviceCount@*=error:35;cudaSetDevice@*=error:35;cudaGetDevice@*=error:35;"
    "cudaGetDeviceProperties@*=error:35;cudaDeviceGetStreamPriorityRange@*=error:35";

/// A job of this process alone. Its groups have one member, so it makes no communicator.
const ParallelConfig alone{.world_size = 1};

}  // namespace

TEST_CASE("where no communicator is made CUDA is not called") {
  const Faults faults(every_call_of_a_device_fails);
  for (const Way& way : ways) {
    if (way.strategy == nccl::Strategy::nccl_split) continue;
    CAPTURE(way.name());
    nccl::Options options;
    way.apply(options);
    options.kinds[GroupKind::tensor].stream = nccl::Stream::high_priority;
    const auto before = nccl_double::counters();
    {
      Communicators groups(MPI_COMM_SELF, alone, options);
      CHECK(groups.plan().communicator_count(0) == 0);
      CHECK_FALSE(groups.at(GroupKind::tensor).stream);
      groups.close();
    }
    CHECK(nccl_double::counters().cuda_calls == before.cuda_calls);
  }
}

TEST_CASE("a device that no communicator needs is the one of the options, or the number of the process") {
  const Faults faults(every_call_of_a_device_fails);
  CHECK(Communicators(MPI_COMM_SELF, alone, {.device = 5}).device() == 5);
  CHECK(Communicators(MPI_COMM_SELF, alone).device() == 0);
}

TEST_CASE("the world that others are split from needs a device") {
  const auto before = nccl_double::counters();
  Communicators groups(MPI_COMM_SELF, alone, {.strategy = nccl::Strategy::nccl_split});
  CHECK(nccl_double::counters().cuda_calls > before.cuda_calls);
  groups.close();
}

TEST_CASE("taking over no communicators makes no call of CUDA") {
  const auto before = nccl_double::counters();
  const CommunicatorPlan plan{Topology(alone)};
  const auto groups = Communicators::from_native_handles(plan, 0, {});
  CHECK(groups.device() == 0);
  CHECK(nccl_double::counters().cuda_calls == before.cuda_calls);
}
