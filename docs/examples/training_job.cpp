// A training job without the training: MPI starts one process for each GPU, rankmesh brings up a communicator
// for every parallel group, and one step uses them. mpiexec -n 8 training_job
#include <cuda_runtime_api.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "rankmesh/nccl.hpp"

namespace {

using rankmesh::GroupKind;
using rankmesh::nccl::Communicators;
using rankmesh::nccl::KindView;

/// Ends all processes. For an error that other ranks may not have seen: no collective call may follow.
[[noreturn]] void abort_job(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort();
}

/// Ends this process. For an error that all ranks get, so that each of them ends by itself.
int end_with(const rankmesh::Error& error) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

void require(cudaError_t result) {
  if (result != cudaSuccess) abort_job(cudaGetErrorString(result));
}

/// A few numbers on the device.
struct Buffer {
  static constexpr std::size_t count = 4;
  explicit Buffer(float value) {
    std::array<float, count> filled{};
    filled.fill(value);
    require(cudaMalloc(reinterpret_cast<void**>(&data), sizeof filled));
    require(cudaMemcpy(data, filled.data(), sizeof filled, cudaMemcpyHostToDevice));
    require(cudaStreamSynchronize(nullptr));  // the copy is asynchronous for other streams
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { cudaFree(data); }

  [[nodiscard]] float first() const {
    float value = 0;
    require(cudaMemcpy(&value, data, sizeof value, cudaMemcpyDeviceToHost));
    return value;
  }

  float* data = nullptr;
};

/// Sums a buffer over a group, in place. A group of one has no communicator, and nothing to sum.
void sum_over(const KindView& group, Buffer& buffer) {
  if (!group.has_communicator()) return;
  const cudaStream_t stream = group.stream.value_or(nullptr);
  const ncclResult_t result =
      ncclAllReduce(buffer.data, buffer.data, Buffer::count, ncclFloat, ncclSum, group.native(), stream);
  if (result != ncclSuccess && result != ncclInProgress) abort_job(ncclGetErrorString(result));
  rankmesh::nccl::wait(group.native());  // until the work is on the stream
  require(cudaStreamSynchronize(stream));
}

void train(const Communicators& groups) {
  // Each rank of a tensor group holds a part of the same layer: the partial results are summed.
  Buffer activations(1);
  sum_over(groups.tensor_parallel(), activations);

  // The rank that gets the activations next.
  const rankmesh::Pipeline& pipeline = groups.topology().pipeline();
  const int next = pipeline.is_last_stage(groups.rank()) ? -1 : pipeline.next_rank(groups.rank());

  // The gradients are summed over all ranks that hold the same weights.
  Buffer gradients(static_cast<float>(groups.rank()));
  sum_over(groups.data_parallel(), gradients);

  if (groups.rank() == 0) {
    std::printf("activations %.0f, next stage on rank %d, gradients %.0f\n", activations.first(), next,
                gradients.first());
  }
}

int run(int world_size) {
  rankmesh::nccl::Options options;
  options.bring_up.timeouts.deadline = std::chrono::minutes(2);
  options.bring_up.on_stuck = [](const auto& call) { abort_job(call.message().c_str()); };
  options.kinds[GroupKind::tensor].stream = rankmesh::nccl::Stream::high_priority;
  try {
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size, .tensor = 2, .pipeline = 2}, options);
    train(groups);
    groups.close();
    return 0;
  } catch (const rankmesh::DisagreementError& error) {
    return end_with(error);
  } catch (const rankmesh::ConfigError& error) {
    return end_with(error);
  } catch (const rankmesh::nccl::OptionsError& error) {
    return end_with(error);
  } catch (const std::exception& error) {
    abort_job(error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  int threads = MPI_THREAD_SINGLE;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE,
                  &threads);  // on_stuck is called from a thread of its own
  int world_size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &world_size);
  const int code = run(world_size);
  MPI_Finalize();
  return code;
}
