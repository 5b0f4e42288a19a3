#include <cstdint>
#include <limits>
#include <numeric>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

/// The operations over 1, 2, ... size of one type.
template <typename T>
void reduce_all(Process& process, ncclComm_t communicator, ncclDataType_t type) {
  const T own = static_cast<T>(process.rank() + 1);
  const T size = static_cast<T>(process.size());
  T factorial = 1;
  for (int i = 2; i <= process.size(); ++i) factorial = static_cast<T>(factorial * static_cast<T>(i));
  process.check(all_reduce(process, communicator, own, type, ncclSum) == size * (size + 1) / 2);
  process.check(all_reduce(process, communicator, own, type, ncclProd) == factorial);
  process.check(all_reduce(process, communicator, own, type, ncclMax) == size);
  process.check(all_reduce(process, communicator, own, type, ncclMin) == T{1});
}

}  // namespace

TEST_CASE("reductions of every type and operation") {
  expect_well(5, {}, [](Process& process) {
    ncclComm_t const communicator = world(process);
    reduce_all<std::int32_t>(process, communicator, ncclInt32);
    reduce_all<std::uint32_t>(process, communicator, ncclUint32);
    reduce_all<std::int64_t>(process, communicator, ncclInt64);
    reduce_all<std::uint64_t>(process, communicator, ncclUint64);
    reduce_all<float>(process, communicator, ncclFloat);
    reduce_all<double>(process, communicator, ncclDouble);
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    process.check(all_reduce(process, communicator, process.rank() == 3 ? most : -1, ncclInt64, ncclMax) ==
                  most);
    std::uint16_t half_value = 0;
    process.check(ncclInvalidArgument,
                  ncclAllReduce(&half_value, &half_value, 1, ncclHalf, ncclSum, communicator, nullptr));
    close(process, communicator);
  });
}

TEST_CASE("long buffers, in place and on a stream") {
  expect_well(4, {}, [](Process& process) {
    ncclComm_t const communicator = world(process);
    constexpr std::size_t count = 300000;
    const auto size = static_cast<std::size_t>(process.size());
    cudaStream_t stream = nullptr;
    process.check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    std::int64_t* memory = nullptr;
    process.check(cudaMalloc(reinterpret_cast<void**>(&memory), count * size * sizeof(*memory)) ==
                  cudaSuccess);
    std::vector<std::int64_t> host(count);
    std::iota(host.begin(), host.end(), process.rank() * 1000000);
    process.check(cudaMemcpyAsync(memory, host.data(), count * sizeof(*memory), cudaMemcpyHostToDevice,
                                  stream) == cudaSuccess);
    process.check(ncclSuccess, ncclAllGather(memory, memory, count, ncclInt64, communicator, stream));
    process.check(cudaStreamSynchronize(stream) == cudaSuccess);
    for (std::size_t rank = 0; rank < size; ++rank) {
      process.check(memory[rank * count + 7] == static_cast<std::int64_t>(rank) * 1000000 + 7);
      process.check(memory[rank * count + count - 1] ==
                    static_cast<std::int64_t>(rank * 1000000 + count - 1));
    }
    process.check(ncclSuccess,
                  ncclAllReduce(memory, memory, count, ncclInt64, ncclSum, communicator, stream));
    process.check(memory[count - 1] == static_cast<std::int64_t>(count - 1) * 4);
    process.check(cudaFree(memory) == cudaSuccess);
    process.check(cudaStreamDestroy(stream) == cudaSuccess);
    close(process, communicator);
    process.check(nccl_double::counters().live_allocations == 0);
    process.check(nccl_double::counters().live_streams == 0);
  });
}

TEST_CASE("a broadcast carries the root's data") {
  expect_well(3, {}, [](Process& process) {
    ncclComm_t const communicator = world(process);
    for (int root = 0; root < 3; ++root) {
      const double own = process.rank() + 0.5;
      double got = 0;
      process.check(ncclSuccess, ncclBroadcast(&own, &got, 1, ncclDouble, root, communicator, nullptr));
      process.check(got == root + 0.5);
    }
    double value = 0;
    process.check(ncclInvalidArgument,
                  ncclBroadcast(&value, &value, 1, ncclDouble, 3, communicator, nullptr));
    close(process, communicator);
  });
}

TEST_CASE("ranks that call different collectives get ncclInvalidUsage") {
  expect_well(3, {}, [](Process& process) {
    ncclComm_t const communicator = world(process);
    int values[2] = {1, 1};
    const std::size_t count = process.rank() == 1 ? 2 : 1;
    process.check(ncclInvalidUsage,
                  ncclAllReduce(values, values, count, ncclInt, ncclSum, communicator, nullptr));
    process.check(ncclSuccess, ncclCommAbort(communicator));
  });
}
