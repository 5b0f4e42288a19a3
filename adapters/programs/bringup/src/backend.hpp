#pragma once

#include <mpi.h>

#include <memory>

#include "rankmesh/bringup/operations.hpp"
#include "rankmesh/bringup/proof.hpp"
#include "rankmesh/bringup/report.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/mpi/options.hpp"
#include "rankmesh/nccl/options.hpp"

namespace rankmesh::bringup {

/// The communicators of this rank, created by MPI or NCCL.
class JobCommunicators {
 public:
  JobCommunicators() = default;
  JobCommunicators(const JobCommunicators&) = delete;
  JobCommunicators& operator=(const JobCommunicators&) = delete;
  virtual ~JobCommunicators() = default;

  [[nodiscard]] virtual const CommunicatorPlan& plan() const = 0;
  [[nodiscard]] virtual BackendReport describe() const = 0;
  /// The membership of this rank in the group of a kind, without the operations.
  [[nodiscard]] virtual Membership membership(GroupKind kind) const = 0;
  /// The operations in the communicator of a kind; null if this rank has none.
  [[nodiscard]] virtual std::unique_ptr<GroupOperations> operations(GroupKind kind) const = 0;
  /// Destroys all communicators.
  /// @collective over MPI_COMM_WORLD
  virtual void close() = 0;
};

/// Creates the communicators with MPI.
/// @param communicator all processes, numbered as ranks of the layout
/// @collective over the communicator
/// @throws the exceptions of `mpi::Communicators`
[[nodiscard]] std::unique_ptr<JobCommunicators> bring_up_with_mpi(MPI_Comm communicator,
                                                                  const ParallelConfig& config,
                                                                  const mpi::Options& options);

/// Whether this program was built with NCCL.
[[nodiscard]] bool has_nccl() noexcept;
/// The same with NCCL.
/// @collective over the communicator
/// @throws the exceptions of `nccl::Communicators`
[[nodiscard]] std::unique_ptr<JobCommunicators> bring_up_with_nccl(MPI_Comm communicator,
                                                                   const ParallelConfig& config,
                                                                   const nccl::Options& options);

}  // namespace rankmesh::bringup
