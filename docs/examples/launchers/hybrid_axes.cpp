// A trainer with five degrees of parallelism in an order of its own, groups over several axes, and a
// communicator for each pair of neighbouring stages, so that sends in both directions do not wait for each
// other. Paddle keeps them in HybridCommunicateGroup. Most degrees are 1 in most jobs, and their groups are
// used all the same.
//
//   mpiexec -n 16 hybrid_axes
#include <vector>

#include "support.hpp"

namespace {

/// The layout: model parallelism varies fastest, data parallelism slowest.
rankmesh::ParallelConfig layout(std::int64_t size) {
  return {.world_size = size,
          .convention = rankmesh::Convention::mesh,
          .meshes = {{{"model", 2}, {"sep", 1}, {"sharding", 2}, {"pipe", 4}, {"data", -1}}},
          .kinds = {{"data", {.varying = {"data"}}},
                    {"model", {.varying = {"model"}}},
                    {"pipe", {.varying = {"pipe"}}},
                    {"sharding", {.varying = {"sharding"}}},
                    {"sep", {.varying = {"sep"}}},
                    {"data_sep", {.varying = {"data", "sep"}}},
                    {"check", {.varying = {"model", "sep", "sharding", "pipe"}}}}};
}

/// The communicators of a stage with the next and the previous one, each other's only members.
struct Neighbours {
  MPI_Comm next = MPI_COMM_NULL;
  MPI_Comm previous = MPI_COMM_NULL;
};

/// The pairs of a pipeline in the order of its stages, which every rank keeps; the last closes the ring.
Neighbours pair_up(rankmesh::mpi::Communicators& groups) {
  const std::vector<int> stages = groups.topology().group_of("pipe", groups.rank()).to_vector();
  Neighbours result;
  for (std::size_t stage = 0; stage < stages.size(); ++stage) {
    const std::vector<int> pair{stages[stage], stages[(stage + 1) % stages.size()]};
    if (pair[0] == groups.rank()) result.next = groups.group(pair).native();
    if (pair[1] == groups.rank()) result.previous = groups.group(pair).native();
  }
  return result;
}

void train(int rank, int size) {
  rankmesh::mpi::Options options;
  options.plan.groups_of_one = rankmesh::KindSelection::all();
  rankmesh::mpi::Communicators groups(MPI_COMM_WORLD, layout(size), options);
  for (const rankmesh::KindFamily& kind : groups.topology().kinds()) {
    const auto group = groups.at(kind.kind);
    launchers::require(launchers::sum_over(group.native(), 1) == static_cast<float>(group.size),
                       std::string(kind.kind.name()));
  }
  const Neighbours neighbours = pair_up(groups);
  const auto own = static_cast<float>(rank);
  const rankmesh::Pipeline pipe(groups.topology().family("pipe"), {});
  // A pair sums its two ranks. Pairs are used in the order in which they were made.
  float next = 0;
  float previous = 0;
  if (pipe.is_first_stage(rank)) {
    next = launchers::sum_over(neighbours.next, own);
    previous = launchers::sum_over(neighbours.previous, own);
  } else {
    previous = launchers::sum_over(neighbours.previous, own);
    next = launchers::sum_over(neighbours.next, own);
  }
  launchers::require(next == static_cast<float>(rank + pipe.next_rank(rank)), "the next stage");
  launchers::require(previous == static_cast<float>(rank + pipe.previous_rank(rank)), "the previous stage");
  if (rank == 0)
    std::printf("stage 0 is with stages on ranks %d and %d\n", pipe.next_rank(0), pipe.previous_rank(0));
  groups.close();
}

}  // namespace

int main(int argc, char** argv) {
  return launchers::run(argc, argv, train);
}
