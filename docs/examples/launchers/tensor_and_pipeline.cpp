// An inference server starts one process for each GPU and needs two NCCL communicators: one for the parts of
// a layer, one for the stages of the model. FasterTransformer does that in ftNcclInitialize. The kernels call
// both communicators without asking whether a group has more than one member.
//
//   mpiexec -n 8 tensor_and_pipeline
#include "support.hpp"

namespace {

using rankmesh::GroupKind;

/// What the kernels of the model get.
struct NcclParam {
  int rank = 0;
  int world_size = 1;
  ncclComm_t communicator = nullptr;
};

NcclParam param_of(const rankmesh::nccl::KindView& group) {
  return {group.position, group.size, group.native()};
}

/// The communicators of a model on tensor * pipeline GPUs, and nothing else.
rankmesh::nccl::Communicators initialize(int tensor, int pipeline) {
  rankmesh::nccl::Options options;
  options.bring_up.plan.only = {GroupKind::tensor, GroupKind::pipeline};
  options.bring_up.plan.groups_of_one = rankmesh::KindSelection::all();
  return {MPI_COMM_WORLD,
          {.world_size = std::int64_t{tensor} * pipeline, .tensor = tensor, .pipeline = pipeline},
          options};
}

void serve(int rank, int tensor, int pipeline) {
  rankmesh::nccl::Communicators groups = initialize(tensor, pipeline);
  const NcclParam layer = param_of(groups.tensor_parallel());
  const NcclParam stages = param_of(groups.pipeline_parallel());

  launchers::require(layer.rank == rank % tensor && layer.world_size == tensor, "place in the layer");
  launchers::require(stages.rank == rank / tensor && stages.world_size == pipeline, "stage");
  const int first = rank - layer.rank;
  launchers::require(launchers::sum_over(layer.communicator, static_cast<float>(rank)) ==
                         static_cast<float>(tensor * first + tensor * (tensor - 1) / 2),
                     "members of the layer");
  launchers::require(launchers::sum_over(stages.communicator, 1) == static_cast<float>(pipeline), "stages");
  if (rank == 0) std::printf("tensor %d, pipeline %d\n", layer.world_size, stages.world_size);
  groups.close();
}

}  // namespace

int main(int argc, char** argv) {
  return launchers::run(argc, argv, [](int rank, int size) {
    serve(rank, size / 2, 2);
    serve(rank, size, 1);
  });
}
