#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The root of every exception rankmesh throws. `what()` says what went wrong, where, and what to do next.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One rule that a configuration breaks.
struct Violation {
  /// The field of the configuration, `tensor` say; for a mesh, the axis.
  std::string field{};
  /// The value found there, as text: it may not be a number at all.
  std::string value{};
  /// What is wrong with it, as a phrase that follows `field = value`.
  std::string rule{};
  /// The values of `field` nearest to `value` that obey this rule with the other fields as they are, in
  /// ascending order; empty where no value does or where the question makes no sense.
  std::vector<std::int64_t> nearest{};

  /// `tensor = 3 does not divide world_size = 16; nearest: 2, 4`
  [[nodiscard]] std::string message() const;

  bool operator==(const Violation&) const = default;
};

/// A configuration, mesh or layout that breaks rules: all of them, never only the first.
class ConfigError : public Error {
 public:
  /// @param violations at least one
  explicit ConfigError(std::vector<Violation> violations);

  /// Every violation found, in the order of the fields.
  [[nodiscard]] std::span<const Violation> violations() const noexcept { return violations_; }

 private:
  std::vector<Violation> violations_;
};

/// A question about a rank, group, position, stage or kind that does not exist.
class RangeError : public Error {
 public:
  using Error::Error;
};

}  // namespace rankmesh
