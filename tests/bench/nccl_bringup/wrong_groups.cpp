// Creates wrong communicators: the program calls these functions in place of those of NCCL.
// RANKMESH_TEST_WRONG selects the error:
//
// - order: ncclCommInitRankConfig reverses the positions;
// - members: in ncclCommSplit, the first and the last rank of the world swap color and key.

#include <dlfcn.h>
#include <mpi.h>
#include <nccl.h>

#include <array>
#include <cstdlib>
#include <string>

namespace {

bool goes_wrong(const std::string& what) {
  const char* wanted = std::getenv("RANKMESH_TEST_WRONG");
  return wanted != nullptr && wanted == what;
}

template <typename Function>
Function* next(Function* /*type*/, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ncclResult_t ncclCommInitRankConfig(ncclComm_t* made, int size, ncclUniqueId identifier, int position,
                                    ncclConfig_t* config) {
  if (goes_wrong("order")) position = size - 1 - position;
  return next(&ncclCommInitRankConfig, "ncclCommInitRankConfig")(made, size, identifier, position, config);
}

ncclResult_t ncclCommSplit(ncclComm_t parent, int color, int key, ncclComm_t* made, ncclConfig_t* config) {
  int rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (goes_wrong("members") && (rank == 0 || rank == size - 1)) {
    std::array<int, 2> place{color, key};
    const int other = size - 1 - rank;
    MPI_Sendrecv_replace(place.data(), 2, MPI_INT, other, 0, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    color = place[0];
    key = place[1];
  }
  return next(&ncclCommSplit, "ncclCommSplit")(parent, color, key, made, config);
}

}  // extern "C"
