#pragma once

#include <span>
#include <string>
#include <vector>

#include "rankmesh/files/export.hpp"
#include "rankmesh/topology/error.hpp"

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// One thing that is wrong with a file.
struct Problem {
  /// The file, as the caller named it.
  std::string source{};
  /// Both count from 1; both are 0 where the problem has no place, in a file that cannot be read say.
  int line = 0;
  /// The column; see `line`.
  int column = 0;
  /// What is wrong, and what is possible instead.
  std::string text{};

  /// `nccl.yaml:3:5: tp.max_ctas = 0 is below 1`, as compilers write it
  [[nodiscard]] std::string message() const;

  bool operator==(const Problem&) const = default;
};

/// A file that cannot be read or that breaks rules: all of them, not only the first. `what()` has a line for
/// each.
class FileError : public Error {
 public:
  /// @param problems at least one
  explicit FileError(std::vector<Problem> problems);

  /// Every problem found, in the order of the file.
  [[nodiscard]] std::span<const Problem> problems() const noexcept { return problems_; }

 private:
  std::vector<Problem> problems_;
};

}  // namespace files
}  // namespace rankmesh
