// Functions of MPI that meet faults before they do their work, and that count what the process holds.

#include <mpi.h>

#include "faults/fault.hpp"

using rankmesh::tests::faults::meet;
using rankmesh::tests::faults::mpi_balance;

namespace {

/// Reports an error as MPI does: through the error handler of the communicator.
int fail(MPI_Comm communicator, int code = MPI_ERR_OTHER) {
  MPI_Comm_call_errhandler(communicator, code);
  return code;
}

int made(int code) {
  if (code == MPI_SUCCESS) ++mpi_balance().communicators;
  return code;
}

/// The communicator of the message that MPI_Improbe found last on this thread.
thread_local MPI_Comm probed = MPI_COMM_NULL;

}  // namespace

extern "C" {

int MPI_Isend(const void* bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm communicator,
              MPI_Request* request) {
  // Not MPI_ERR_OTHER, with which MPICH refuses to send to a dead process: the message is lost then.
  if (meet("MPI_Isend")) return fail(communicator, MPI_ERR_INTERN);
  const int code = PMPI_Isend(bytes, count, type, to, tag, communicator, request);
  if (code == MPI_SUCCESS) ++mpi_balance().requests;
  return code;
}

int MPI_Test(MPI_Request* request, int* done, MPI_Status* status) {
  const bool was_active = *request != MPI_REQUEST_NULL;
  const int code = PMPI_Test(request, done, status);
  if (was_active && (code != MPI_SUCCESS || *done != 0)) --mpi_balance().requests;
  return code;
}

int MPI_Request_free(MPI_Request* request) {
  --mpi_balance().requests;
  return PMPI_Request_free(request);
}

int MPI_Improbe(int from, int tag, MPI_Comm communicator, int* found, MPI_Message* message,
                MPI_Status* status) {
  probed = communicator;
  return PMPI_Improbe(from, tag, communicator, found, message, status);
}

// A receive that fails loses its message.
int MPI_Mrecv(void* bytes, int count, MPI_Datatype type, MPI_Message* message, MPI_Status* status) {
  const int code = PMPI_Mrecv(bytes, count, type, message, status);
  return meet("MPI_Mrecv") ? fail(probed) : code;
}

int MPI_Comm_dup(MPI_Comm communicator, MPI_Comm* duplicate) {
  if (meet("MPI_Comm_dup")) return fail(communicator);
  return made(PMPI_Comm_dup(communicator, duplicate));
}

int MPI_Comm_create_group(MPI_Comm communicator, MPI_Group group, int tag, MPI_Comm* created) {
  if (meet("MPI_Comm_create_group")) return fail(communicator);
  return made(PMPI_Comm_create_group(communicator, group, tag, created));
}

int MPI_Comm_split(MPI_Comm communicator, int color, int key, MPI_Comm* part) {
  if (meet("MPI_Comm_split")) return fail(communicator);
  return made(PMPI_Comm_split(communicator, color, key, part));
}

int MPI_Comm_free(MPI_Comm* communicator) {
  --mpi_balance().communicators;
  return PMPI_Comm_free(communicator);
}

int MPI_Allgather(const void* sent, int sent_count, MPI_Datatype sent_type, void* received,
                  int received_count, MPI_Datatype received_type, MPI_Comm communicator) {
  if (meet("MPI_Allgather")) return fail(communicator);
  return PMPI_Allgather(sent, sent_count, sent_type, received, received_count, received_type, communicator);
}

int MPI_Bcast(void* buffer, int count, MPI_Datatype type, int root, MPI_Comm communicator) {
  if (meet("MPI_Bcast")) return fail(communicator);
  return PMPI_Bcast(buffer, count, type, root, communicator);
}

}  // extern "C"
