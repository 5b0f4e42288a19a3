#pragma once

#include <memory>

#include "rankmesh/bringup/operations.hpp"
#include "rankmesh/bringup/proof.hpp"
#include "rankmesh/bringup/report.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/mpi/options.hpp"
#include "rankmesh/nccl/options.hpp"

namespace rankmesh::bringup {

/// The communicators of a job, whatever library made them.
class Groups {
 public:
  Groups() = default;
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;
  virtual ~Groups() = default;

  [[nodiscard]] virtual const CommunicatorPlan& plan() const = 0;
  [[nodiscard]] virtual BackendReport describe() const = 0;
  /// What this rank has of a kind, without the operations.
  [[nodiscard]] virtual Holding holding(GroupKind kind) const = 0;
  /// The operations in the communicator of a kind; null where this rank has none.
  [[nodiscard]] virtual std::unique_ptr<GroupOperations> operations(GroupKind kind) const = 0;
  /// Destroys all communicators.
  /// @collective over the ranks of the job
  virtual void close() = 0;
};

/// Brings up with MPI.
/// @collective over MPI_COMM_WORLD; throws what `mpi::Communicators` does
[[nodiscard]] std::unique_ptr<Groups> bring_up_with_mpi(const ParallelConfig& config,
                                                        const mpi::Options& options);

/// Whether this program was built with NCCL.
[[nodiscard]] bool has_nccl() noexcept;
/// Brings up with NCCL.
/// @collective over MPI_COMM_WORLD; throws what `nccl::Communicators` does
[[nodiscard]] std::unique_ptr<Groups> bring_up_with_nccl(const ParallelConfig& config,
                                                         const nccl::Options& options);

}  // namespace rankmesh::bringup
