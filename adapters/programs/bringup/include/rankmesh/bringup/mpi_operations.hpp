#pragma once

#include <mpi.h>

#include "rankmesh/bringup/operations.hpp"

namespace rankmesh::bringup {

/// @throws mpi::MpiError unless a call of MPI has returned MPI_SUCCESS
void require_success(int code, const char* call);

/// The operations in an `MPI_Comm`. Its error handler is set to MPI_ERRORS_RETURN.
class MpiOperations final : public GroupOperations {
 public:
  /// @param communicator must outlive this object
  explicit MpiOperations(MPI_Comm communicator);

  [[nodiscard]] int size() override;
  [[nodiscard]] int position() override;
  [[nodiscard]] std::vector<std::uint64_t> sum(const std::vector<std::uint64_t>& own,
                                               const WhileWaiting& while_waiting) override;
  [[nodiscard]] std::vector<int> gather(int own, const WhileWaiting& while_waiting) override;
  /// The largest value at each place over all members.
  [[nodiscard]] std::vector<double> largest(std::vector<double> own, const WhileWaiting& while_waiting);

 private:
  MPI_Comm communicator_;
  // Members, because MPI uses their addresses until an operation is complete.
  std::vector<std::uint64_t> summands_;
  std::vector<std::uint64_t> sums_;
  int own_ = 0;
  std::vector<int> gathered_;
  std::vector<double> largest_;
};

}  // namespace rankmesh::bringup
