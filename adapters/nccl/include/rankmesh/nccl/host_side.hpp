#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "rankmesh/comm/bring_up.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/nccl/export.hpp"
#include "rankmesh/topology/group_kind.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace mpi {
class Communicators;
}
namespace nccl {

/// The communicators on the host beside those of NCCL. Only MPI has them, and a program that is not started
/// by MPI does not link it: so this is an interface.
class HostSide {
 public:
  HostSide() = default;
  HostSide(const HostSide&) = delete;
  HostSide& operator=(const HostSide&) = delete;
  virtual ~HostSide() = default;

  /// Prepares the steps below, once the ranks agree that they want them.
  /// @param bring_up that of the bootstrap; must outlive the steps
  virtual void prepare(rankmesh::BringUp& bring_up) = 0;
  /// Carries out a step that makes a communicator.
  /// @collective as `mpi::Communicators::Builder::carry_out`
  virtual void carry_out(const BringUpStep& step) = 0;
  /// Takes what was made, once all ranks have completed the steps. Does nothing the second time.
  virtual void complete() = 0;
  /// Sends bytes from one member of this rank's group of a kind to the others.
  /// @param root its position in the group
  /// @return why they could not be sent or received, or nothing
  /// @collective over the group
  [[nodiscard]] virtual std::optional<std::string> broadcast(GroupKind kind, std::span<std::byte> bytes,
                                                             int root) = 0;
  /// Frees the communicators.
  /// @collective over the ranks of the job
  virtual void close() noexcept = 0;
  /// Those that were made; null if none were.
  [[nodiscard]] virtual const mpi::Communicators* communicators() const noexcept = 0;
};

}  // namespace nccl
}  // namespace rankmesh
