#include <mpi.h>
#include <nccl.h>

#include <string>

#include "backend.hpp"
#include "rankmesh/bringup/nccl_operations.hpp"
#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl/kind_options.hpp"

namespace rankmesh::bringup {
namespace {

class NcclJobCommunicators final : public JobCommunicators {
 public:
  NcclJobCommunicators(MPI_Comm communicator, const ParallelConfig& config, const nccl::Options& options)
      : strategy_(to_string(options.strategy)),
        blocking_(options.blocking),
        groups_(communicator, config, options) {}

  [[nodiscard]] const CommunicatorPlan& plan() const override { return groups_.plan(); }
  [[nodiscard]] BackendReport describe() const override {
    int version = 0;
    ncclGetVersion(&version);
    return {.name = "nccl",
            .library = "NCCL " + nccl::version_text(version),
            .nccl = BackendReport::Nccl{
                .strategy = strategy_, .blocking = blocking_, .device = groups_.device()}};
  }
  [[nodiscard]] Membership membership(GroupKind kind) const override {
    return membership_of(groups_.at(kind), nullptr);
  }
  [[nodiscard]] std::unique_ptr<GroupOperations> operations(GroupKind kind) const override {
    const auto mine = groups_.at(kind);
    if (!mine.has_communicator()) return nullptr;
    return std::make_unique<NcclOperations>(mine.native(), groups_.device());
  }
  void close() override { groups_.close(); }

 private:
  std::string strategy_;
  bool blocking_;
  nccl::Communicators groups_;
};

}  // namespace

bool has_nccl() noexcept {
  return true;
}

std::unique_ptr<JobCommunicators> bring_up_with_nccl(MPI_Comm communicator, const ParallelConfig& config,
                                                     const nccl::Options& options) {
  return std::make_unique<NcclJobCommunicators>(communicator, config, options);
}

}  // namespace rankmesh::bringup
