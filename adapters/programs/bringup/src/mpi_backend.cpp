#include <mpi.h>

#include <string>

#include "backend.hpp"
#include "rankmesh/bringup/mpi_operations.hpp"
#include "rankmesh/mpi/communicators.hpp"

namespace rankmesh::bringup {
namespace {

/// `Open MPI v4.1.4`: what comes before the first comma or line break.
std::string library_text() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string all(text, static_cast<std::size_t>(length));
  return all.substr(0, all.find_first_of(",\n"));
}

class MpiGroups final : public Groups {
 public:
  MpiGroups(const ParallelConfig& config, const mpi::Options& options)
      : groups_(MPI_COMM_WORLD, config, options) {}

  [[nodiscard]] const CommunicatorPlan& plan() const override { return groups_.plan(); }
  [[nodiscard]] BackendReport describe() const override { return {.name = "mpi", .library = library_text()}; }
  [[nodiscard]] Holding holding(GroupKind kind) const override {
    return holding_of(groups_.at(kind), nullptr);
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

std::unique_ptr<Groups> bring_up_with_mpi(const ParallelConfig& config, const mpi::Options& options) {
  return std::make_unique<MpiGroups>(config, options);
}

}  // namespace rankmesh::bringup
