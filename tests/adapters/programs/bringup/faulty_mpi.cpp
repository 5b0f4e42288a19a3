// Replaces functions of MPI, which fail as the environment variable RANKMESH_TEST_MPI_FAULT says:
//
//   swap         MPI_Comm_create_group reverses the order of the members
//   mix          MPI_Comm_create_group creates other groups of the same sizes
//   refuse:N     MPI_Iallreduce fails on rank N
//   silent:N     rank N sends nothing in MPI_Iallreduce and never returns
//   stop:N:CALL:K, kill:N:CALL:K, hang:N:CALL:K
//                the process of rank N is stopped (SIGSTOP) or killed (SIGKILL) in its Kth call of a
//                function, for MPI_Comm_rank in its Kth call on MPI_COMM_WORLD, or the call never returns

#include <mpi.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <vector>

namespace {

std::string fault() {
  const char* value = std::getenv("RANKMESH_TEST_MPI_FAULT");
  return value == nullptr ? "" : value;
}

int world_rank() {
  int rank = 0;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

bool is_here(const std::string& kind) {
  return fault() == kind + ":" + std::to_string(world_rank());
}

void wait_for_ever() {
  for (;;) pause();
}

/// Stops or kills this process, or never returns, if the fault says so.
void note_call(const std::string& call) {
  static std::mutex mutex;
  static std::map<std::string, int> counts;
  std::unique_lock lock(mutex);
  const std::string here = std::to_string(world_rank()) + ":" + call + ":" + std::to_string(++counts[call]);
  if (fault() == "stop:" + here) raise(SIGSTOP);
  if (fault() == "kill:" + here) raise(SIGKILL);
  lock.unlock();
  if (fault() == "hang:" + here) wait_for_ever();
}

std::vector<int> members_of(MPI_Group group, MPI_Comm parent) {
  int size = 0;
  MPI_Group_size(group, &size);
  std::vector<int> positions(static_cast<std::size_t>(size));
  std::iota(positions.begin(), positions.end(), 0);
  std::vector<int> members(positions.size());
  MPI_Group all = MPI_GROUP_NULL;
  MPI_Comm_group(parent, &all);
  MPI_Group_translate_ranks(group, size, positions.data(), all, members.data());
  MPI_Group_free(&all);
  return members;
}

/// Replaces the members by those of the previous rank's group, each plus one. This rank is one of them.
void shift(std::vector<int>& members, MPI_Comm parent) {
  int size = 0;
  MPI_Comm_size(parent, &size);
  const int rank = world_rank();
  PMPI_Sendrecv_replace(members.data(), static_cast<int>(members.size()), MPI_INT, (rank + 1) % size, 0,
                        (rank + size - 1) % size, 0, parent, MPI_STATUS_IGNORE);
  for (int& member : members) member = (member + 1) % size;
}

}  // namespace

extern "C" {

int MPI_Comm_rank(MPI_Comm communicator, int* rank) {
  if (communicator == MPI_COMM_WORLD) note_call("MPI_Comm_rank");
  return PMPI_Comm_rank(communicator, rank);
}

int MPI_Allreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op operation,
                  MPI_Comm communicator) {
  note_call("MPI_Allreduce");
  return PMPI_Allreduce(from, to, count, type, operation, communicator);
}

int MPI_Comm_free(MPI_Comm* communicator) {
  note_call("MPI_Comm_free");
  return PMPI_Comm_free(communicator);
}

int MPI_Finalize() {
  note_call("MPI_Finalize");
  return PMPI_Finalize();
}

int MPI_Comm_create_group(MPI_Comm parent, MPI_Group group, int tag, MPI_Comm* made) {
  note_call("MPI_Comm_create_group");
  if (fault() != "swap" && fault() != "mix") return PMPI_Comm_create_group(parent, group, tag, made);
  std::vector<int> members = members_of(group, parent);
  if (fault() == "swap") std::reverse(members.begin(), members.end());
  if (fault() == "mix") shift(members, parent);
  MPI_Group all = MPI_GROUP_NULL;
  MPI_Group other = MPI_GROUP_NULL;
  MPI_Comm_group(parent, &all);
  MPI_Group_incl(all, static_cast<int>(members.size()), members.data(), &other);
  const int code = PMPI_Comm_create_group(parent, other, tag, made);
  MPI_Group_free(&other);
  MPI_Group_free(&all);
  return code;
}

int MPI_Iallreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op operation,
                   MPI_Comm communicator, MPI_Request* request) {
  note_call("MPI_Iallreduce");
  if (is_here("refuse")) return MPI_ERR_OTHER;
  if (is_here("silent")) wait_for_ever();
  return PMPI_Iallreduce(from, to, count, type, operation, communicator, request);
}

}  // extern "C"
