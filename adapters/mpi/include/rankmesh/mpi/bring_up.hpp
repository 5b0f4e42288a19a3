#pragma once

#include <mpi.h>

#include <optional>
#include <utility>
#include <vector>

#include "rankmesh/comm/bring_up.hpp"
#include "rankmesh/mpi/error_handler_guard.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/options.hpp"
#include "rankmesh/mpi/transport.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// A caller's communicator for the length of a bring-up: it returns its errors, and carries the messages.
class Connection {
 public:
  /// @throws StateError outside MPI_Init .. MPI_Finalize
  /// @throws MpiError
  /// @param members the ranks of `communicator` that take part; empty for all
  Connection(MPI_Comm communicator, std::vector<int> members, int first_tag);

  /// The caller's communicator.
  [[nodiscard]] MPI_Comm communicator() const noexcept { return guard_.native(); }
  /// Sets the error handler that the caller's communicator had before the bring-up.
  void give_original_handler_to(MPI_Comm other) const { guard_.give_original_handler_to(other); }
  /// The ranks of `communicator` that take part, in the order of the topology; empty for all.
  [[nodiscard]] const std::vector<int>& members() const& noexcept { return members_; }
  const std::vector<int>& members() const&& = delete;
  /// The messages.
  [[nodiscard]] MpiTransport& transport() & noexcept { return transport_; }
  MpiTransport& transport() && = delete;
  /// The same for `rankmesh::BringUp`.
  [[nodiscard]] BringUpPlace place() &;
  BringUpPlace place() && = delete;

 private:
  ErrorHandlerGuard guard_;
  std::vector<int> members_;
  MpiTransport transport_;
};

/// One bring-up on a caller's communicator. The constructor carries out the first step, the agreement.
class BringUp : public Connection, public rankmesh::BringUp {
 public:
  /// Agrees on the plan and the schedule.
  /// @param nccl what is made besides or instead of MPI communicators
  /// @param members the ranks of `communicator` that are the ranks of the topology, in this order; empty for
  ///        all. See `require_members`
  /// @collective over `communicator`, an intra-communicator, or over the members if they are given
  /// @throws DisagreementError, DeadlineError, ConfigError the same on every rank
  /// @throws StateError outside MPI_Init .. MPI_Finalize
  BringUp(MPI_Comm communicator, const ParallelConfig& config, const Options& options,
          const std::optional<NcclScheduleOptions>& nccl = {}, std::vector<int> members = {})
      : Connection(communicator, std::move(members), options.first_tag),
        rankmesh::BringUp(place(), config, options, nccl) {}

  using Connection::transport;
};

}  // namespace mpi
}  // namespace rankmesh
