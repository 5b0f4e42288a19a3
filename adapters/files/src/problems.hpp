#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/error.hpp"

namespace rankmesh::files {

/// Where in a text; both count from 1.
struct Place {
  int line = 0;
  int column = 0;

  auto operator<=>(const Place&) const = default;
};

/// What is wrong with one text, found in any order.
class Problems {
 public:
  static constexpr std::size_t most = 100;

  explicit Problems(std::string_view source) : source_(source) {}

  /// @throws FileError once there are more than `most`
  void add(Place place, std::string text);
  /// @throws FileError if there are any
  void throw_if_any();
  /// `nccl.yaml:3:5`
  [[nodiscard]] std::string place_text(Place place) const;

 private:
  std::string source_;
  std::vector<Problem> problems_;
};

/// Throws a FileError with one problem.
[[noreturn]] void refuse(std::string_view source, Place place, std::string text);

}  // namespace rankmesh::files
