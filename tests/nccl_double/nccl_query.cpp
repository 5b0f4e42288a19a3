// The NCCL calls that only query.
#include <nccl.h>

#include <cstdlib>

#include "communicator.hpp"
#include "environment.hpp"
#include "faults.hpp"

using namespace rankmesh::nccl_double;

namespace {

ncclResult_t query(const char* name, ncclComm_t communicator, int* answer, int ncclComm::*member) {
  if (const int code = undergo_fault_of(name); code != 0) return static_cast<ncclResult_t>(code);
  const Use use(communicator);
  if (use.result() != ncclSuccess) return use.result();
  if (const ncclResult_t ready = check_ready(communicator); ready != ncclSuccess) return ready;
  if (answer == nullptr) return fail(ncclInvalidArgument, "the answer is null");
  *answer = communicator->*member;
  return ncclSuccess;
}

}  // namespace

extern "C" {

ncclResult_t ncclGetVersion(int* version) {
  if (const int code = undergo_fault_of("ncclGetVersion"); code != 0) return static_cast<ncclResult_t>(code);
  if (version == nullptr) return ncclInvalidArgument;
  const auto other = setting("RANKMESH_DOUBLE_NCCL_VERSION");
  *version = other ? std::atoi(other->c_str()) : NCCL_VERSION_CODE;
  return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* asyncError) {
  if (const int code = undergo_fault_of("ncclCommGetAsyncError"); code != 0)
    return static_cast<ncclResult_t>(code);
  const Use use(comm);
  if (use.result() != ncclSuccess) return use.result();
  if (asyncError == nullptr) return ncclInvalidArgument;
  *asyncError = comm->state;
  return ncclSuccess;
}

ncclResult_t ncclCommCount(const ncclComm_t comm, int* count) {
  return query("ncclCommCount", comm, count, &ncclComm::size);
}

ncclResult_t ncclCommUserRank(const ncclComm_t comm, int* rank) {
  return query("ncclCommUserRank", comm, rank, &ncclComm::rank);
}

ncclResult_t ncclCommCuDevice(const ncclComm_t comm, int* device) {
  return query("ncclCommCuDevice", comm, device, &ncclComm::device);
}

const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSuccess:
      return "no error";
    case ncclUnhandledCudaError:
      return "unhandled CUDA error";
    case ncclSystemError:
      return "unhandled system error";
    case ncclInternalError:
      return "internal error";
    case ncclInvalidArgument:
      return "invalid argument";
    case ncclInvalidUsage:
      return "invalid usage";
    case ncclRemoteError:
      return "remote process exited or there was a network error";
    case ncclInProgress:
      return "operation in progress";
    default:
      return "unknown result code";
  }
}

}  // extern "C"
