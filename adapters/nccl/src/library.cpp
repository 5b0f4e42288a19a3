#include "library.hpp"

#include <dlfcn.h>

#include <utility>

#include "rankmesh/nccl/kind_options.hpp"

// The path of nccl.h, if CMake knows it.
#ifndef RANKMESH_NCCL_HEADER
#define RANKMESH_NCCL_HEADER "nccl.h"
#endif

namespace rankmesh::nccl {
namespace {

/// The file that the NCCL of this process was loaded from.
std::string library_path() {
  Dl_info info{};
  const bool is_known = dladdr(reinterpret_cast<void*>(&ncclGetVersion), &info) != 0;
  return is_known && info.dli_fname != nullptr ? info.dli_fname : "unknown file";
}

}  // namespace

int library_version() noexcept {
  int version = 0;
  return ncclGetVersion(&version) == ncclSuccess ? version : 0;
}

std::optional<std::string> version_problem(int version) {
  if (version < minimum_version) {
    return "rankmesh needs NCCL " + version_text(minimum_version) + ", and this is " + version_text(version) +
           " (" + library_path() + ")";
  }
  // NCCL keeps the interface of its older headers, so a newer library serves.
  if (version >= NCCL_VERSION_CODE) return std::nullopt;
  return "rankmesh was compiled with NCCL " + version_text(NCCL_VERSION_CODE) +
         " (" RANKMESH_NCCL_HEADER "), and the library of this process is the older NCCL " +
         version_text(version) + " (" + library_path() +
         "): load a library that is at least as new as the header";
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
