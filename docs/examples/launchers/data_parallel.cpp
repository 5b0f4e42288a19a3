// A trainer without model parallelism: every GPU holds the whole model, and with ZeRO an equal part of the
// optimizer's state. llm.c keeps what it needs for that in MultiGpuConfig: rank, number of processes, device,
// an NCCL communicator, the part of each tensor, and sums of numbers on the host. It also runs on one GPU.
//
//   mpiexec -n 4 data_parallel
#include "support.hpp"

namespace {

using rankmesh::GroupKind;

/// What the trainer asks for. All ranks hold the same weights.
class MultiGpu {
 public:
  explicit MultiGpu(int size) : groups_(MPI_COMM_WORLD, {.world_size = size}, options()) {}

  [[nodiscard]] int rank() const { return data().position; }
  [[nodiscard]] int size() const { return data().size; }
  [[nodiscard]] int device() const { return groups_.device(); }
  [[nodiscard]] ncclComm_t communicator() const { return data().native(); }
  /// The elements of a tensor that this process updates.
  [[nodiscard]] rankmesh::IndexRange shard(std::int64_t elements) const {
    return rankmesh::shard({.length = elements, .parts = size(), .part = rank()});
  }
  /// The sum of a number on the host, for example of the losses.
  [[nodiscard]] float sum(float own) const { return launchers::sum_over(*data().host, own); }
  void close() { groups_.close(); }

 private:
  static rankmesh::nccl::Options options() {
    rankmesh::nccl::Options options;
    options.bring_up.plan.only = {GroupKind::data};
    options.bring_up.plan.groups_of_one = {GroupKind::data};
    options.host_communicators = true;
    return options;
  }
  [[nodiscard]] rankmesh::nccl::KindView data() const { return groups_.at(GroupKind::data); }

  rankmesh::nccl::Communicators groups_;
};

void train(int rank, int size) {
  MultiGpu gpus(size);
  launchers::require(gpus.rank() == rank && gpus.size() == size, "place");
  const auto ranks = static_cast<float>(size * (size - 1) / 2);
  launchers::require(launchers::sum_over(gpus.communicator(), static_cast<float>(rank)) == ranks,
                     "gradients");
  launchers::require(gpus.sum(static_cast<float>(rank)) == ranks, "losses");
  const rankmesh::IndexRange own = gpus.shard(1000 * size);
  launchers::require(own.first == 1000 * rank && own.count == 1000, "part of the state");
  if (rank == 0) std::printf("%d GPUs, %d elements each\n", gpus.size(), static_cast<int>(own.count));
  gpus.close();
}

}  // namespace

int main(int argc, char** argv) {
  return launchers::run(argc, argv, train);
}
