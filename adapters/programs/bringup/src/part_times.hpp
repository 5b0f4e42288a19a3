#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/comm/progress.hpp"

namespace rankmesh::bringup {

/// How long the parts of a bring-up took, in milliseconds. Parts with the same name are added up: with NCCL,
/// a kind can have one part for MPI and one for NCCL.
class PartTimes {
 public:
  struct Part {
    std::string name;
    double milliseconds = 0;
  };

  void add(const Progress& progress);

  /// Replaces all times by those of the slowest rank. All ranks must have the same parts, in any order.
  /// @collective over MPI_COMM_WORLD
  /// @throws mpi::MpiError
  void reduce();

  /// In the order in which this rank began them.
  [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }
  /// The time of a part; 0 if there is no such part.
  [[nodiscard]] double of(std::string_view part) const noexcept;
  [[nodiscard]] double total() const noexcept { return total_; }

 private:
  std::vector<Part> parts_;
  double total_ = 0;
};

/// Prints a line of progress to stderr: `[ 3/11] tensor                   1.24 ms`.
void print(const Progress& progress);

}  // namespace rankmesh::bringup
