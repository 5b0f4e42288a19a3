// Several engines serve the same model in one job, and know nothing of each other. In each of them there are
// tensor, pipeline and data parallel groups, and the experts are spread over data and tensor parallelism
// together. vLLM makes these groups in initialize_model_parallel. The groups of the experts are made by the
// first layer that has experts.
//
//   mpiexec -n 16 engines
#include <vector>

#include "rankmesh/mpi.hpp"
#include "support.hpp"

namespace {

/// The layout of one engine: tensor parallelism varies fastest.
rankmesh::ParallelConfig engine(std::int64_t ranks) {
  return {.world_size = ranks,
          .convention = rankmesh::Convention::mesh,
          .meshes = {{{"tp", 2}, {"pp", 2}, {"dp", -1}}},
          .kinds = {{"tp", {.varying = {"tp"}}},
                    {"pp", {.varying = {"pp"}}},
                    {"dp", {.varying = {"dp"}}},
                    {"ep", {.varying = {"tp", "dp"}}}}};
}

void serve(int rank, int size) {
  constexpr int engines = 2;
  const int ranks = size / engines;
  const std::vector<rankmesh::ParallelConfig> parts(engines, engine(ranks));
  rankmesh::mpi::Options options;
  options.plan.lazy = {"ep"};
  options.plan.groups_of_one = rankmesh::KindSelection::all();
  rankmesh::mpi::Part part = rankmesh::mpi::bring_up_parts(MPI_COMM_WORLD, parts, options);
  rankmesh::mpi::Communicators& groups = part.communicators;

  launchers::require(part.first_rank == rank / ranks * ranks, "the first rank of the engine");
  launchers::require(groups.at("tp").position == rank % 2, "place in tensor parallelism");
  launchers::require(launchers::sum_over(groups.at("pp").native(), 1) == 2, "stages");
  launchers::require(launchers::sum_over(groups.at("dp").native(), 1) == static_cast<float>(ranks / 4),
                     "replicas");
  // Collective over the group, so all of its members come here.
  const auto experts = groups.make("ep");
  launchers::require(launchers::sum_over(experts.native(), 1) == static_cast<float>(ranks / 2), "experts");
  const float sum = launchers::sum_over(experts.native(), static_cast<float>(rank));
  if (rank == 0)
    std::printf("%d engines of %d; the ranks that hold experts with rank 0 sum to %.0f\n", engines, ranks,
                sum);
  groups.close();
}

}  // namespace

int main(int argc, char** argv) {
  return launchers::run(argc, argv, serve);
}
