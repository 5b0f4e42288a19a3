// Two threads of each process bring up at the same time, each on a communicator of its own. Exits with 0 on
// success.

#include <mpi.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <exception>
#include <thread>

#include "rankmesh/mpi.hpp"

namespace {

/// Whether each of many bring-ups gives a tensor group that works.
bool bring_up(MPI_Comm communicator, const rankmesh::ParallelConfig& config) {
  for (int i = 0; i < 20; ++i) {
    const rankmesh::mpi::Communicators groups(communicator, config);
    int sum = 0;
    const int own = groups.rank();
    MPI_Allreduce(&own, &sum, 1, MPI_INT, MPI_SUM, groups.at(rankmesh::GroupKind::tensor).native());
    int expected = 0;
    groups.topology().group_of(rankmesh::GroupKind::tensor, own).for_each([&](int rank) {
      expected += rank;
    });
    if (sum != expected) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  if (provided < MPI_THREAD_MULTIPLE) {
    std::puts("SKIPPED: MPI has no MPI_THREAD_MULTIPLE");
    MPI_Finalize();
    return 0;
  }
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  std::array<MPI_Comm, 2> communicators{};
  for (MPI_Comm& communicator : communicators) MPI_Comm_dup(MPI_COMM_WORLD, &communicator);
  std::atomic<int> failed = 0;
  std::array<std::thread, 2> threads;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i] = std::thread([&, i] {
      try {
        if (bring_up(communicators[i], {.world_size = size, .tensor = 2})) return;
        std::puts("wrong members");
      } catch (const std::exception& error) {
        std::puts(error.what());
      }
      failed = 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (MPI_Comm& communicator : communicators) MPI_Comm_free(&communicator);
  int any = failed;
  MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return any;
}
