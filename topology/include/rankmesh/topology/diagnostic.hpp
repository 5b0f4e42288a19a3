#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// One rule that a configuration breaks.
struct Diagnostic {
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

  bool operator==(const Diagnostic&) const = default;
};

/// Collects what is wrong with a configuration, field by field. A diagnostic is kept once, however many rules
/// find it.
class Diagnostics {
 public:
  /// Adds a diagnostic, unless an equal one is there.
  void add(std::string_view field, std::string value, std::string rule,
           std::vector<std::int64_t> nearest = {});
  /// The same, with a number as the value.
  void add(std::string_view field, std::int64_t value, std::string rule,
           std::vector<std::int64_t> nearest = {}) {
    add(field, std::to_string(value), std::move(rule), std::move(nearest));
  }
  /// Whether a diagnostic names `field`.
  [[nodiscard]] bool has(std::string_view field) const;
  /// Whether nothing was added.
  [[nodiscard]] bool empty() const noexcept { return diagnostics_.empty(); }
  /// The diagnostics, moved out.
  [[nodiscard]] std::vector<Diagnostic> take() { return std::move(diagnostics_); }

 private:
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace rankmesh
