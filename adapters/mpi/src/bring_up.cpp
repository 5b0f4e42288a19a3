#include "rankmesh/mpi/bring_up.hpp"

#include <utility>

namespace rankmesh::mpi {

Connection::Connection(MPI_Comm communicator, std::vector<int> members, int first_tag)
    : guard_(communicator),
      members_(std::move(members)),
      transport_(communicator, members_, first_tag) {}

BringUpPlace Connection::place() & {
  int level = MPI_THREAD_SINGLE;
  MPI_Query_thread(&level);
  return {
      .transport = transport_,
      .on_failure = [this] { transport_.mark_failed(); },
      .why_unasked = level == MPI_THREAD_MULTIPLE ? "" : "MPI was initialised without MPI_THREAD_MULTIPLE"};
}

}  // namespace rankmesh::mpi
