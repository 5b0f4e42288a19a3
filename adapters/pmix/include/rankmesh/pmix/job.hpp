#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/comm/bootstrap.hpp"
#include "rankmesh/pmix/export.hpp"
#include "rankmesh/pmix/transport.hpp"

namespace RANKMESH_PMIX_API rankmesh {
namespace pmix {

/// The job that this process belongs to, as PMIx knows it: `srun --mpi=pmix`, `prterun` and the mpiexec of
/// Open MPI start such jobs, and no process has to initialise MPI. The bootstrap of `nccl::Communicators`:
///
///     rankmesh::pmix::Job job;
///     rankmesh::nccl::Communicators groups(job, {.world_size = job.size(), .tensor = 2});
///
/// A process has one job at a time. Bring-ups follow each other, in the same order on every rank. PMIx may
/// have been initialised already, for example by MPI; it counts.
class Job final : public Bootstrap {
 public:
  /// Initialises PMIx.
  /// @throws PmixError if the process was not started by a launcher with PMIx
  Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  /// Finalises PMIx. Before, waits until all ranks do so, but no longer than 3 s after the last message of
  /// this rank: others may still read it.
  ~Job() override;

  /// The rank of this process, 0 .. size() - 1.
  [[nodiscard]] int rank() const noexcept;
  /// The number of ranks of the job.
  [[nodiscard]] int size() const noexcept;
  /// The number of this process among those of its node.
  [[nodiscard]] int local_rank() const noexcept;
  /// The ranks of the processes on this node, ascending.
  [[nodiscard]] const std::vector<int>& ranks_of_node() const& noexcept;
  const std::vector<int>& ranks_of_node() const&& = delete;

  [[nodiscard]] std::unique_ptr<BringUp> begin(const ParallelConfig& config, const BringUpOptions& options,
                                               const std::optional<NcclScheduleOptions>& nccl) override;
  [[nodiscard]] std::string_view gather_call() const noexcept override { return "PMIx_Get"; }
  /// Waits until the deadline of the bring-up for the processes of this node.
  [[nodiscard]] std::optional<std::string> gather_on_node(const std::function<Bytes(int local_rank)>& own,
                                                          std::vector<Bytes>& all) override;
  [[nodiscard]] std::string_view broadcast_call() const noexcept override { return "PMIx_Get"; }
  /// Waits until the deadline of the bring-up for the root.
  [[nodiscard]] std::optional<std::string> broadcast(std::span<std::byte> bytes, int root) override;

 private:
  friend class PmixTransport;
  class [[gnu::visibility("hidden")]] OverPmix;

  /// Waits for one message of each of some ranks. Returns why not, or nothing.
  [[nodiscard]] std::optional<std::string> wait_for(int channel, std::vector<int> from,
                                                    const std::function<void(Message)>& take);

  std::shared_ptr<Client> client_;
  /// The bring-up under way.
  OverPmix* current_ = nullptr;
};

}  // namespace pmix
}  // namespace rankmesh
