#include "library.hpp"

#include <utility>

namespace rankmesh::nccl {

int library_version() noexcept {
  int version = 0;
  return ncclGetVersion(&version) == ncclSuccess ? version : 0;
}

ncclResult_t state_of(ncclComm_t communicator) noexcept {
  ncclResult_t state = ncclSuccess;
  const ncclResult_t result = ncclCommGetAsyncError(communicator, &state);
  return result == ncclSuccess ? state : result;
}

NcclError error_of(const char* call, ncclResult_t result, const RankStep* step) {
  NcclError::Details details{
      .call = call, .code = static_cast<int>(result), .text = ncclGetErrorString(result)};
  // NCCL's text for the last error of this process; it does not depend on the communicator.
  const char* const last = ncclGetLastError(nullptr);
  if (last != nullptr && *last != '\0') details.text.append(": ").append(last);
  if (step != nullptr) {
    details.kind = step->kind;
    details.group = step->group;
  }
  return NcclError(std::move(details));
}

}  // namespace rankmesh::nccl
