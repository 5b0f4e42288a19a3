// A job that goes on when a process dies. Start it with 9 processes: 8 ranks and a spare.
#include <cstdio>
#include <rankmesh/mpi.hpp>

namespace {

/// Trains until all is done, or an operation has not ended in time: then returns false.
bool train(rankmesh::mpi::Communicators& groups) {
  int sum = 1;
  const auto data = groups.at(rankmesh::GroupKind::data);
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, data.native());
  if (groups.rank() == 0) std::printf("trained with %d replicas\n", sum);
  return true;
}

/// Gives a new rank its state: `survival.sources` says who has it.
void restore(rankmesh::mpi::Job& job, const rankmesh::Survival& survival) {
  if (!job.is_idle() && job.communicators().rank() == 0) {
    std::printf("%zu ranks get their state from others\n", survival.sources.size());
  }
}

void run() {
  // 9 processes: 8 ranks and a spare.
  rankmesh::mpi::Job job(MPI_COMM_WORLD, {.world_size = 8, .tensor = 2});
  for (;;) {
    if (job.is_idle()) {
      const auto rebuilt = job.stand_by();
      if (!rebuilt) break;  // the others have finished
      restore(job, rebuilt->survival);
    } else if (train(job.communicators())) {
      job.finish();
      break;
    } else {
      restore(job, job.rebuild().survival);  // a process is gone
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  try {
    run();
  } catch (const rankmesh::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
