#include "successor.hpp"

#include <utility>

#include "library.hpp"

namespace rankmesh::nccl {

bool has_shrink(int library_version) noexcept {
  return RANKMESH_NCCL_HAS_SHRINK && library_version >= NCCL_VERSION(2, 27, 0);
}

bool has_revoke_and_grow(int library_version) noexcept {
  return RANKMESH_NCCL_HAS_REVOKE_AND_GROW && library_version >= NCCL_VERSION(2, 29, 0);
}

Successor::Successor(const char* call, Communicator parent) noexcept
    : call_(call),
      parent_(parent.release()) {}

Successor::~Successor() {
  // The parent goes first: aborting it ends a shrink under way.
  if (parent_ != nullptr) ncclCommAbort(parent_);
  if (made_ != nullptr) ncclCommAbort(made_);
}

void Successor::require_success(ncclResult_t result) const {
  if (is_failure(result)) throw error_of(call_, result);
}

std::unique_ptr<Successor> Successor::shrink([[maybe_unused]] Communicator& parent,
                                             [[maybe_unused]] std::vector<int> lost,
                                             [[maybe_unused]] ncclConfig_t* config) {
#if RANKMESH_NCCL_HAS_SHRINK
  std::unique_ptr<Successor> successor(new Successor("ncclCommShrink", std::move(parent)));
  successor->require_success(ncclCommShrink(successor->parent_, lost.data(), static_cast<int>(lost.size()),
                                            &successor->made_, config, NCCL_SHRINK_ABORT));
  return successor;
#else
  return nullptr;
#endif
}

std::unique_ptr<Successor> Successor::grow([[maybe_unused]] const Growth& growth) {
#if RANKMESH_NCCL_HAS_REVOKE_AND_GROW
  std::unique_ptr<Successor> successor(new Successor("ncclCommGrow", Communicator()));
  const ncclUniqueId* const identifier = growth.identifier ? &*growth.identifier : nullptr;
  const int position = growth.parent != nullptr ? -1 : growth.position;
  successor->require_success(
      ncclCommGrow(growth.parent, growth.size, identifier, position, &successor->made_, growth.config));
  return successor;
#else
  return nullptr;
#endif
}

bool Successor::advance() {
  // Until a shrink is done, only its parent can be polled.
  if (parent_ != nullptr) {
    const ncclResult_t parent = state_of(parent_);
    require_success(parent);
    if (parent == ncclInProgress) return false;
  }
  const ncclResult_t state = made_ == nullptr ? ncclInternalError : state_of(made_);
  require_success(state);
  return state == ncclSuccess;
}

Communicator Successor::take() {
  return Communicator::from_native_handle(std::exchange(made_, nullptr));
}

std::optional<ncclUniqueId> identifier_for_growth([[maybe_unused]] ncclComm_t parent) {
#if RANKMESH_NCCL_HAS_REVOKE_AND_GROW
  ncclUniqueId identifier;
  const ncclResult_t result = ncclCommGetUniqueId(parent, &identifier);
  if (result != ncclSuccess) throw error_of("ncclCommGetUniqueId", result);
  return identifier;
#else
  return std::nullopt;
#endif
}

bool revoke([[maybe_unused]] ncclComm_t communicator) {
#if RANKMESH_NCCL_HAS_REVOKE_AND_GROW
  const ncclResult_t result = ncclCommRevoke(communicator, NCCL_REVOKE_DEFAULT);
  if (is_failure(result)) throw error_of("ncclCommRevoke", result);
  return true;
#else
  return false;
#endif
}

}  // namespace rankmesh::nccl
