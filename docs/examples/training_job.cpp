// A training job without the training: MPI starts one process for each GPU, rankmesh brings up a communicator
// for every parallel group, and one step uses them. mpiexec -n 8 training_job
#include <cuda_runtime_api.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "rankmesh/nccl.hpp"

namespace {

using rankmesh::GroupKind;
using rankmesh::nccl::Communicators;
using rankmesh::nccl::KindView;

void require(cudaError_t result) {
  if (result != cudaSuccess) throw std::runtime_error(cudaGetErrorString(result));
}

/// A few numbers on the device.
struct Buffer {
  static constexpr std::size_t count = 4;
  explicit Buffer(float value) {
    std::array<float, count> filled{};
    filled.fill(value);
    require(cudaMalloc(reinterpret_cast<void**>(&data), sizeof filled));
    require(cudaMemcpy(data, filled.data(), sizeof filled, cudaMemcpyHostToDevice));
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
  if (result != ncclSuccess && result != ncclInProgress) throw std::runtime_error(ncclGetErrorString(result));
  rankmesh::nccl::wait(group.native());  // the call is enqueued
  require(cudaStreamSynchronize(stream));
}

void train(const Communicators& groups) {
  // The tensor group holds the parts of one layer: partial results are summed.
  Buffer activations(1);
  sum_over(groups.tensor_parallel(), activations);

  // Who gets the activations next, and where they came from.
  const rankmesh::Pipeline& pipeline = groups.topology().pipeline();
  const int next = pipeline.is_last_stage(groups.rank()) ? -1 : pipeline.next_rank(groups.rank());

  // Gradients are summed over all that hold the same weights: the data group, with sequence parallelism the
  // sequence_data group, which data_parallel() is in both cases.
  Buffer gradients(static_cast<float>(groups.rank()));
  sum_over(groups.data_parallel(), gradients);

  if (groups.rank() == 0) {
    std::printf("activations %.0f, next stage on rank %d, gradients %.0f\n", activations.first(), next,
                gradients.first());
  }
}

/// For an error that some rank may not know of, because it is gone: no collective call may follow.
int abort_job(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  MPI_Abort(MPI_COMM_WORLD, 1);
  return 1;
}

int run(int world_size) {
  rankmesh::nccl::Options options;
  options.bring_up.patience.deadline = std::chrono::minutes(2);
  options.bring_up.on_stuck = [](const auto& call) { abort_job(call.message().c_str()); };
  options.kinds[GroupKind::tensor].stream = rankmesh::nccl::Stream::high_priority;
  try {
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size, .tensor = 2, .pipeline = 2}, options);
    train(groups);
    groups.close();
    return 0;
  } catch (const rankmesh::DeadlineError& error) {
    return abort_job(error.what());
  } catch (const rankmesh::BringUpError& error) {
    std::fprintf(stderr, "%s\n", error.what());  // the same on every rank, and all of them are here
    return 1;
  } catch (const std::exception& error) {
    return abort_job(error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  int threads = MPI_THREAD_SINGLE;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &threads);
  int world_size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &world_size);
  const int code = run(world_size);
  MPI_Finalize();
  return code;
}
