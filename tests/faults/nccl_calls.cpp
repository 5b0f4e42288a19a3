// Functions of NCCL that meet faults before they do their work, in front of those of the double.

#include <dlfcn.h>
#include <nccl.h>

#include "faults/fault.hpp"

using rankmesh::tests::faults::meet;

namespace {

/// The function of that name in the double.
template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ncclResult_t ncclGetUniqueId(ncclUniqueId* identifier) {
  static auto* const call = next<decltype(ncclGetUniqueId)>("ncclGetUniqueId");
  return meet("ncclGetUniqueId") ? ncclSystemError : call(identifier);
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* made, int size, ncclUniqueId identifier, int rank,
                                    ncclConfig_t* config) {
  static auto* const call = next<decltype(ncclCommInitRankConfig)>("ncclCommInitRankConfig");
  return meet("ncclCommInitRankConfig") ? ncclInternalError : call(made, size, identifier, rank, config);
}

ncclResult_t ncclCommSplit(ncclComm_t communicator, int color, int key, ncclComm_t* made,
                           ncclConfig_t* config) {
  static auto* const call = next<decltype(ncclCommSplit)>("ncclCommSplit");
  return meet("ncclCommSplit") ? ncclInternalError : call(communicator, color, key, made, config);
}

}  // extern "C"
