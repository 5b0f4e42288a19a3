// mpiexec -n 8 placed_job
#include <cstdio>
#include <rankmesh/mpi.hpp>
#include <rankmesh/topology.hpp>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  try {
    const rankmesh::ParallelConfig layout{.world_size = 8, .tensor = 4};
    rankmesh::mpi::PlaceOptions options;
    // To try it on one machine: even ranks play to be on one host, odd ranks on another, as a scheduler
    // that numbers ranks in turns would have it. A job leaves this out.
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    const char* const host = rank % 2 == 0 ? "node0" : "node1";
    options.bring_up.host = {.name = host, .boot = host};

    const rankmesh::mpi::Placed job = rankmesh::mpi::place(MPI_COMM_WORLD, layout, options);
    rankmesh::mpi::Communicators groups(job.communicator.native(), layout);
    if (groups.rank() == 0) {
      const auto tensor =
          rankmesh::cluster_spans(groups.topology().family("tensor"), job.ranks.cluster, job.ranks.placement);
      std::printf("cost %g before, %g after; tensor groups touch %d host\n", job.ranks.cost_before,
                  job.ranks.cost_after, tensor.levels[job.ranks.cluster.host_level()].most);
    }
    groups.close();
  } catch (const rankmesh::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
