// Stands between rankmesh-bringup and MPI, and does wrong what RANKMESH_TEST_MPI_FAULT says:
//
//   swap         MPI_Comm_split orders the members the other way round
//   mix          MPI_Comm_split makes other groups of the same sizes
//   refuse:N     MPI_Iallreduce fails on rank N
//   silent:N     rank N sends nothing in MPI_Iallreduce, and never returns
//   stop:N       the process of rank N stops in its second MPI_Comm_split

#include <mpi.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

std::string fault() {
  const char* value = std::getenv("RANKMESH_TEST_MPI_FAULT");
  return value == nullptr ? "" : value;
}

int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

bool is_here(const std::string& kind) {
  return fault() == kind + ":" + std::to_string(world_rank());
}

}  // namespace

extern "C" {

int MPI_Comm_split(MPI_Comm parent, int color, int key, MPI_Comm* made) {
  static int calls = 0;
  if (++calls == 2 && is_here("stop")) raise(SIGSTOP);
  if (fault() == "swap") key = -key;
  if (fault() == "mix" && color != MPI_UNDEFINED) {
    int size = 0;
    MPI_Comm_size(parent, &size);
    // The neighbour's color, which that neighbour passes to the next.
    int next = MPI_UNDEFINED;
    const int rank = world_rank();
    PMPI_Sendrecv(&color, 1, MPI_INT, (rank + 1) % size, 0, &next, 1, MPI_INT, (rank + size - 1) % size, 0,
                  parent, MPI_STATUS_IGNORE);
    color = next;
  }
  return PMPI_Comm_split(parent, color, key, made);
}

int MPI_Iallreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op operation,
                   MPI_Comm communicator, MPI_Request* request) {
  if (is_here("refuse")) return MPI_ERR_OTHER;
  if (is_here("silent")) {
    for (;;) pause();
  }
  return PMPI_Iallreduce(from, to, count, type, operation, communicator, request);
}

}  // extern "C"
