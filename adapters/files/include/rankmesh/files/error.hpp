#pragma once

#include <span>
#include <string>
#include <vector>

#include "rankmesh/files/export.hpp"
#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/error.hpp"

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// A file that cannot be read or that breaks rules. `what()` has one line for each diagnostic, as compilers
/// write it: `nccl.yaml:3:5: tp.max_ctas = 0 is below 1`.
class FileError : public Error {
 public:
  /// @param diagnostics at least one, each with its place
  explicit FileError(std::vector<Diagnostic> diagnostics);
  /// An error with one diagnostic.
  FileError(SourcePlace place, std::string rule);

  /// Every diagnostic, in the order of the file.
  [[nodiscard]] std::span<const Diagnostic> diagnostics() const& noexcept { return diagnostics_; }
  std::span<const Diagnostic> diagnostics() const&& = delete;

 private:
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace files
}  // namespace rankmesh
