#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rankmesh/files/error.hpp"

namespace rankmesh::files {

/// The diagnostics of one text, found in any order.
class Problems {
 public:
  static constexpr std::size_t most = 100;

  explicit Problems(std::string_view source) : source_(source) {}

  /// @throws FileError once there are more than `most`
  void add(SourcePlace place, std::string rule);
  /// @throws FileError if there are any
  void throw_if_any();
  /// `nccl.yaml:3:5`
  [[nodiscard]] std::string place_text(SourcePlace place) const;

 private:
  std::string source_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace rankmesh::files
