// A test of a job's start-up that needs no GPU: it is linked with rankmesh::nccl_double instead of
// rankmesh::nccl.
//     mpiexec -n 4 start_up_test
#include <mpi.h>

#include <cstdio>
#include <rankmesh/nccl.hpp>
#include <rankmesh/nccl_double.hpp>
#include <string>

// The start-up of the job, as its program has it. Returns how it ended.
static std::string start_up() {
  try {
    rankmesh::nccl::Communicators groups(MPI_COMM_WORLD, {.world_size = 4, .tensor = 4});
    groups.close();
    return "every rank has its communicators";
  } catch (const rankmesh::Error& error) {
    return error.what();
  }
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);

  const std::string well = start_up();
  std::string badly;
  {
    // On rank 2, the first initialisation of a communicator returns ncclSystemError, which is 2.
    const rankmesh::nccl_double::ScopedFaults faults("ncclCommInitRankConfig@2#1=error:2");
    badly = start_up();
  }
  // Nothing is left over on any rank.
  const int left = static_cast<int>(rankmesh::nccl_double::counters().live_communicators);
  int left_anywhere = 0;
  MPI_Allreduce(&left, &left_anywhere, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);

  if (rank == 0) std::printf("%s\n%s\n", well.c_str(), badly.c_str());
  const bool is_right = badly.find("rank 2: ncclCommInitRankConfig failed") != std::string::npos;
  MPI_Finalize();
  return is_right && left_anywhere == 0 ? 0 : 1;
}
