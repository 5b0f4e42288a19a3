// A job one of whose ranks dies while it is placed; each rank writes into a file of its own how it ended. Run
// by place_test.cpp:
//   mpiexec -n 6 stuck_place_job FOLDER RANK WHERE
// WHERE: the number of messages that the rank has sent when it dies, or `making` a communicator.

#include <mpi.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

#include "rankmesh/mpi.hpp"

namespace {

int dying_rank = -1;
int messages_left = -1;
bool dies_making = false;

int own_rank() {
  int rank = 0;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

[[noreturn]] void end_with(const std::string& folder, const std::string& text) {
  std::ofstream(folder + "/" + std::to_string(own_rank())) << text;
  // Others may be gone: no collective call may follow.
  _exit(0);
}

}  // namespace

// In place of MPI's own, which are called by their other names.
extern "C" int MPI_Isend(const void* buffer, int count, MPI_Datatype type, int to, int tag,
                         MPI_Comm communicator, MPI_Request* request) {
  if (own_rank() == dying_rank && messages_left-- == 0) std::raise(SIGKILL);
  return PMPI_Isend(buffer, count, type, to, tag, communicator, request);
}

extern "C" int MPI_Comm_create_group(MPI_Comm communicator, MPI_Group group, int tag, MPI_Comm* made) {
  if (dies_making && own_rank() == dying_rank) std::raise(SIGKILL);
  return PMPI_Comm_create_group(communicator, group, tag, made);
}

int main(int argc, char** argv) {
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  const std::string folder = argv[1];
  const std::string where = argv[3];
  dying_rank = std::atoi(argv[2]);
  dies_making = where == "making";
  if (!dies_making) messages_left = std::atoi(where.c_str());

  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const std::string host = own_rank() % 2 == 0 ? "even" : "odd";
  rankmesh::mpi::PlaceOptions options{
      .bring_up = {.host = rankmesh::HostIdentity{.name = host, .boot = host}}};
  options.bring_up.timeouts = {.deadline = std::chrono::seconds(2),
                               .grace = std::chrono::seconds(RANKMESH_GRACE_SECONDS)};
  options.bring_up.on_stuck = [&](const rankmesh::mpi::StuckCall& stuck) {
    end_with(folder, stuck.message());
  };
  try {
    static_cast<void>(rankmesh::mpi::place(MPI_COMM_WORLD, {.world_size = size, .tensor = 3}, options)
                          .communicator.release());
  } catch (const rankmesh::Error& error) {
    end_with(folder, error.what());
  }
  end_with(folder, "placed");
}
