#pragma once

#include <mpi.h>

#include "rankmesh/bringup/operations.hpp"

namespace rankmesh::bringup {

/// The operations in an `MPI_Comm`, which returns its errors from now on.
class MpiOperations final : public GroupOperations {
 public:
  /// @param communicator must outlive this
  explicit MpiOperations(MPI_Comm communicator);

  [[nodiscard]] int size() override;
  [[nodiscard]] int position() override;
  [[nodiscard]] std::vector<std::uint64_t> sum(const std::vector<std::uint64_t>& own,
                                               const WhileWaiting& while_waiting) override;
  [[nodiscard]] std::vector<int> gather(int own, const WhileWaiting& while_waiting) override;

 private:
  MPI_Comm communicator_;
  // Here, since MPI holds their addresses.
  std::vector<std::uint64_t> summands_;
  std::vector<std::uint64_t> sums_;
  int own_ = 0;
  std::vector<int> gathered_;
};

}  // namespace rankmesh::bringup
