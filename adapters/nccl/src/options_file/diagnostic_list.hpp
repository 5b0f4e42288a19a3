#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rankmesh/files/error.hpp"

namespace rankmesh::nccl::options_file {

/// Collects the diagnostics of one text, in any order.
class DiagnosticList {
 public:
  static constexpr std::size_t most = 100;

  explicit DiagnosticList(std::string_view source) : source_(source) {}

  /// @throws files::FileError once there are more than `most`
  void add(SourcePlace place, std::string rule);
  /// @throws files::FileError if there are any
  void throw_if_any();
  /// `nccl.yaml:3:5`
  [[nodiscard]] std::string place_text(SourcePlace place) const;

 private:
  std::string source_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace rankmesh::nccl::options_file
