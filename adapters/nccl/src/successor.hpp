#pragma once

#include <nccl.h>

#include <memory>
#include <optional>
#include <vector>

#include "rankmesh/nccl/communicator.hpp"

namespace rankmesh::nccl {

/// Whether ncclCommShrink can be called: the header that rankmesh was compiled with and the library have it.
/// @param library_version the oldest library of the ranks that will call it
[[nodiscard]] bool has_shrink(int library_version) noexcept;
/// Whether ncclCommRevoke, ncclCommGetUniqueId and ncclCommGrow can be called.
[[nodiscard]] bool has_revoke_and_grow(int library_version) noexcept;

/// A communicator that NCCL makes from an older one, on its way. Poll it with `advance` if the communicators
/// are non-blocking; with blocking ones it is done as soon as it was begun. Destruction before `take` aborts,
/// without waiting for another rank.
class Successor {
 public:
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;
  ~Successor();

  /// Begins ncclCommShrink, which keeps the order of the remaining members, and first ends the operations of
  /// the parent. Takes the parent over, also where the call fails, and aborts it at the end: its lost members
  /// would never take part in its destruction.
  /// @param lost the positions in the parent of the members that the new communicator lacks; not empty
  /// @param config null: that of the parent, with the pointer to its name
  /// @return nothing if the NCCL that rankmesh was compiled with has no shrink; the parent stays the caller's
  /// @throws NcclError
  /// @collective over the remaining members
  [[nodiscard]] static std::unique_ptr<Successor> shrink(Communicator& parent, std::vector<int> lost,
                                                         ncclConfig_t* config);

  /// This rank in a communicator that grows.
  struct Growth {
    /// Null on a rank that is new. Stays the caller's, to be destroyed when the new communicator is done.
    ncclComm_t parent = nullptr;
    /// Of the new communicator.
    int size = 0;
    /// Of a rank that is new; members of the parent keep theirs.
    int position = -1;
    /// From `identifier_for_growth`; may be nothing on members of the parent that did not make it.
    std::optional<ncclUniqueId> identifier{};
    /// Null: that of the parent, or the defaults on a rank that is new.
    ncclConfig_t* config = nullptr;
  };
  /// Begins ncclCommGrow.
  /// @return nothing if the NCCL that rankmesh was compiled with has no grow
  /// @throws NcclError
  /// @collective over the members of the new communicator
  [[nodiscard]] static std::unique_ptr<Successor> grow(const Growth& growth);

  /// Whether the communicator is done. Does not wait.
  /// @throws NcclError
  [[nodiscard]] bool advance();
  /// The communicator, once it is done.
  [[nodiscard]] Communicator take();

 private:
  Successor(const char* call, Communicator parent) noexcept;
  void require_success(ncclResult_t result) const;

  const char* call_;
  /// Of a shrink.
  ncclComm_t parent_;
  /// NCCL writes it when a shrink is done, so its address stays.
  ncclComm_t made_ = nullptr;
};

/// Makes the ID that new ranks join a communicator with. One member of the parent calls it.
/// @return nothing if the NCCL that rankmesh was compiled with has no grow
/// @throws NcclError
[[nodiscard]] std::optional<ncclUniqueId> identifier_for_growth(ncclComm_t parent);

/// Ends the operations of a communicator on this rank; afterwards it can be shrunk or destroyed, and its
/// destruction is local. A non-blocking communicator is ready when `state_of` says so.
/// @return whether the NCCL that rankmesh was compiled with has the call
/// @throws NcclError
[[nodiscard]] bool revoke(ncclComm_t communicator);

}  // namespace rankmesh::nccl
