#include "rankmesh/topology/diagnostic.hpp"

#include <algorithm>

namespace rankmesh {

std::string Diagnostic::message() const {
  std::string text = value.empty() ? field + " " + rule : field + " = " + value + " " + rule;
  const char* separator = "; nearest: ";
  for (const std::int64_t candidate : nearest) {
    text += separator + std::to_string(candidate);
    separator = ", ";
  }
  return text;
}

void Diagnostics::add(std::string_view field, std::string value, std::string rule,
                      std::vector<std::int64_t> nearest) {
  const bool known = std::any_of(diagnostics_.begin(), diagnostics_.end(), [&](const Diagnostic& v) {
    return v.field == field && v.value == value && v.rule == rule;
  });
  if (known) return;
  diagnostics_.push_back({std::string(field), std::move(value), std::move(rule), std::move(nearest)});
}

bool Diagnostics::has(std::string_view field) const {
  return std::any_of(diagnostics_.begin(), diagnostics_.end(),
                     [&](const Diagnostic& v) { return v.field == field; });
}

}  // namespace rankmesh
