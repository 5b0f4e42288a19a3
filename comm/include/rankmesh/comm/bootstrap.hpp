#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/comm/bring_up.hpp"
#include "rankmesh/comm/bring_up_options.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/transport.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// How the processes of a job reach each other before they have communicators: through MPI or PMIx. An
/// adapter for a library without a launcher, NCCL, brings up its communicators over a bootstrap.
class Bootstrap {
 public:
  Bootstrap() = default;
  Bootstrap(const Bootstrap&) = delete;
  Bootstrap& operator=(const Bootstrap&) = delete;
  virtual ~Bootstrap() = default;

  /// Begins a bring-up, whose constructor agrees on the plan.
  /// @collective over the ranks of the job, which are those of the topology
  /// @throws what the constructor of `BringUp` throws
  [[nodiscard]] virtual std::unique_ptr<BringUp> begin(const ParallelConfig& config,
                                                       const BringUpOptions& options,
                                                       const std::optional<NcclScheduleOptions>& nccl) = 0;

  /// The function that `gather_on_node` waits in, for errors.
  [[nodiscard]] virtual std::string_view gather_call() const noexcept = 0;
  /// Gathers the messages of the processes of this node. A failure is no exception, so that all ranks get
  /// through the collective calls.
  /// @param own makes the message of this process from its number on the node; all messages have one size
  /// @param all receives the messages by the number on the node
  /// @return why they could not be gathered, or nothing
  /// @collective over the ranks of the job
  [[nodiscard]] virtual std::optional<std::string> gather_on_node(
      const std::function<Bytes(int local_rank)>& own, std::vector<Bytes>& all) = 0;

  /// The function that `broadcast` waits in, for errors.
  [[nodiscard]] virtual std::string_view broadcast_call() const noexcept = 0;
  /// Sends bytes from one rank to all others.
  /// @param bytes sent by the root, received by the others; of the same size on all ranks
  /// @return why they could not be sent or received, or nothing
  /// @collective over the ranks of the job
  [[nodiscard]] virtual std::optional<std::string> broadcast(std::span<std::byte> bytes, int root) = 0;
};

}  // namespace rankmesh
