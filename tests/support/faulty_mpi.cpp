#include "support/faulty_mpi.hpp"

#include <mpi.h>

namespace rankmesh::tests {
namespace {

std::string failing_function;
int calls_until_failure = 0;

int result(const char* function, MPI_Comm communicator, int code) {
  if (calls_until_failure == 0 || function != failing_function || --calls_until_failure > 0) return code;
  MPI_Comm_call_errhandler(communicator, MPI_ERR_OTHER);
  return MPI_ERR_OTHER;
}

}  // namespace

void fail_mpi(const std::string& function, int nth) {
  failing_function = function;
  calls_until_failure = nth;
}

bool mpi_has_failed() {
  return calls_until_failure == 0;
}

}  // namespace rankmesh::tests

using rankmesh::tests::result;

extern "C" {

int MPI_Comm_dup(MPI_Comm communicator, MPI_Comm* made) {
  return result("MPI_Comm_dup", communicator, PMPI_Comm_dup(communicator, made));
}

int MPI_Comm_group(MPI_Comm communicator, MPI_Group* group) {
  return result("MPI_Comm_group", communicator, PMPI_Comm_group(communicator, group));
}

int MPI_Comm_create_group(MPI_Comm communicator, MPI_Group group, int tag, MPI_Comm* made) {
  return result("MPI_Comm_create_group", communicator,
                PMPI_Comm_create_group(communicator, group, tag, made));
}

int MPI_Comm_split(MPI_Comm communicator, int color, int key, MPI_Comm* made) {
  return result("MPI_Comm_split", communicator, PMPI_Comm_split(communicator, color, key, made));
}

int MPI_Comm_size(MPI_Comm communicator, int* size) {
  return result("MPI_Comm_size", communicator, PMPI_Comm_size(communicator, size));
}

int MPI_Allgather(const void* sent, int sent_count, MPI_Datatype sent_type, void* received,
                  int received_count, MPI_Datatype received_type, MPI_Comm communicator) {
  return result(
      "MPI_Allgather", communicator,
      PMPI_Allgather(sent, sent_count, sent_type, received, received_count, received_type, communicator));
}

int MPI_Bcast(void* buffer, int count, MPI_Datatype type, int root, MPI_Comm communicator) {
  return result("MPI_Bcast", communicator, PMPI_Bcast(buffer, count, type, root, communicator));
}

int MPI_Comm_free(MPI_Comm* communicator) {
  return result("MPI_Comm_free", *communicator, MPI_SUCCESS) == MPI_SUCCESS ? PMPI_Comm_free(communicator)
                                                                            : MPI_ERR_OTHER;
}

}  // extern "C"
