#include "shrink.hpp"

#include <utility>

#include "library.hpp"

namespace rankmesh::nccl {

bool has_shrink(int library_version) noexcept {
  return RANKMESH_NCCL_HAS_SHRINK && library_version >= NCCL_VERSION(2, 27, 0);
}

Shrink::~Shrink() {
  // The parent goes first: aborting it ends a shrink under way.
  if (parent_ != nullptr) ncclCommAbort(parent_);
  if (made_ != nullptr) ncclCommAbort(made_);
}

ncclResult_t Shrink::begin([[maybe_unused]] std::vector<int> lost, [[maybe_unused]] ncclConfig_t* config) {
#if RANKMESH_NCCL_HAS_SHRINK
  return ncclCommShrink(parent_, lost.data(), static_cast<int>(lost.size()), &made_, config,
                        NCCL_SHRINK_ABORT);
#else
  return ncclInvalidUsage;
#endif
}

ncclResult_t Shrink::state() const noexcept {
  // Until a shrink is done, only its parent can be polled.
  const ncclResult_t parent = state_of(parent_);
  if (parent != ncclSuccess) return parent;
  return made_ == nullptr ? ncclInternalError : state_of(made_);
}

Communicator Shrink::take() noexcept {
  return Communicator::from_native_handle(std::exchange(made_, nullptr));
}

}  // namespace rankmesh::nccl
