#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The base of all exceptions of rankmesh. `what()` names the error, its place, and a remedy.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A configuration, mesh or layout that breaks rules. The error lists every broken rule.
class ConfigError : public Error {
 public:
  /// @param diagnostics at least one
  explicit ConfigError(std::vector<Diagnostic> diagnostics);

  /// Every diagnostic, in the order of the fields.
  [[nodiscard]] std::span<const Diagnostic> diagnostics() const& noexcept { return diagnostics_; }
  std::span<const Diagnostic> diagnostics() const&& = delete;

 private:
  std::vector<Diagnostic> diagnostics_;
};

/// A query about a rank, group, position, stage or kind that does not exist.
class RangeError : public Error {
 public:
  using Error::Error;
};

}  // namespace rankmesh
