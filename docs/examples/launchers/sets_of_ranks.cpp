// An inference engine in which every layer says which ranks take part in its collective, as a set of ranks:
// those of tensor parallelism, those of context parallelism, or a set of its own. TensorRT-LLM's plugins ask
// getComm for the communicator of such a set. A set that was seen before, or that is a group of the layout,
// has its communicator already.
//
//   mpiexec -n 8 sets_of_ranks
#include <set>
#include <vector>

#include "support.hpp"

namespace {

using rankmesh::GroupKind;

rankmesh::nccl::Communicators bring_up(int size) {
  rankmesh::nccl::Options options;
  options.bring_up.plan.only = {"tp", "cp", "pp"};
  return {MPI_COMM_WORLD,
          {.world_size = size,
           .tensor = 2,
           .pipeline = 2,
           .convention = rankmesh::Convention::megatron_core,
           .context = size / 4},
          options};
}

/// The communicator of a set. All ranks of the set ask for it, in the same order as for other sets.
ncclComm_t communicator_of(const std::set<int>& ranks, rankmesh::nccl::Communicators& groups) {
  return groups.group(std::vector<int>(ranks.begin(), ranks.end())).native();
}

void run_engine(int rank, int size) {
  rankmesh::nccl::Communicators groups = bring_up(size);
  // The ranks of the tensor group, as a plugin has them.
  const rankmesh::RankList tensor = groups.topology().group_of("tp", rank);
  const std::set<int> of_layer(tensor.begin(), tensor.end());
  launchers::require(communicator_of(of_layer, groups) == groups.at("tp").native(), "the tensor group");

  // A set that follows no formula.
  const std::set<int> own{0, 3, 5};
  if (own.contains(rank)) {
    ncclComm_t communicator = communicator_of(own, groups);
    launchers::require(launchers::sum_over(communicator, static_cast<float>(rank)) == 8, "0 + 3 + 5");
    launchers::require(communicator_of(own, groups) == communicator, "the same set again");
  }
  if (rank == 0) std::printf("ranks 0, 3 and 5 have summed\n");
  groups.close();
}

}  // namespace

int main(int argc, char** argv) {
  return launchers::run(argc, argv, run_engine);
}
