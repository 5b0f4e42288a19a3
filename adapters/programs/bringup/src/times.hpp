#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/comm/progress.hpp"

namespace rankmesh::bringup {

/// What the parts of a bring-up took, in milliseconds. Parts of the same name, of which a kind has one for
/// each library that makes communicators for it, count together.
class Times {
 public:
  struct Part {
    std::string name;
    double milliseconds = 0;
  };

  void add(const Progress& progress);

  /// Replaces all times by those of the slowest rank. All ranks have the same parts, in any order.
  /// @collective over MPI_COMM_WORLD
  void reduce();

  /// In the order in which this rank did them first.
  [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }
  /// 0 for a part that there is not.
  [[nodiscard]] double of(std::string_view part) const noexcept;
  [[nodiscard]] double total() const noexcept { return total_; }

 private:
  std::vector<Part> parts_;
  double total_ = 0;
};

/// Prints a line of progress to stderr: `[ 3/11] tensor                   1.24 ms`.
void print(const Progress& progress);

}  // namespace rankmesh::bringup
