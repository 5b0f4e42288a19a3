#include <mpi.h>

#include "backend.hpp"
#include "rankmesh/bringup/mpi_operations.hpp"
#include "rankmesh/bringup/world.hpp"
#include "rankmesh/mpi/communicators.hpp"

namespace rankmesh::bringup {
namespace {

class MpiJobCommunicators final : public JobCommunicators {
 public:
  MpiJobCommunicators(MPI_Comm communicator, const ParallelConfig& config, const mpi::Options& options)
      : groups_(communicator, config, options) {}

  [[nodiscard]] const CommunicatorPlan& plan() const override { return groups_.plan(); }
  [[nodiscard]] BackendReport describe() const override {
    return {.name = "mpi", .library = mpi_library_text()};
  }
  [[nodiscard]] Membership membership(GroupKind kind) const override {
    return membership_of(groups_.at(kind), nullptr);
  }
  [[nodiscard]] std::unique_ptr<GroupOperations> operations(GroupKind kind) const override {
    const auto mine = groups_.at(kind);
    return mine.has_communicator() ? std::make_unique<MpiOperations>(mine.native()) : nullptr;
  }
  void close() override { groups_.close(); }

 private:
  mpi::Communicators groups_;
};

}  // namespace

std::unique_ptr<JobCommunicators> bring_up_with_mpi(MPI_Comm communicator, const ParallelConfig& config,
                                                    const mpi::Options& options) {
  return std::make_unique<MpiJobCommunicators>(communicator, config, options);
}

}  // namespace rankmesh::bringup
