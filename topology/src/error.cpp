#include "rankmesh/topology/error.hpp"

#include <utility>

namespace rankmesh {
namespace {

std::string describe(const std::vector<Diagnostic>& diagnostics) {
  if (diagnostics.size() == 1) return "invalid configuration: " + diagnostics.front().message();
  std::string text = "invalid configuration, " + std::to_string(diagnostics.size()) + " violations:";
  for (const Diagnostic& diagnostic : diagnostics) text += "\n  " + diagnostic.message();
  return text;
}

}  // namespace

ConfigError::ConfigError(std::vector<Diagnostic> diagnostics)
    : Error(describe(diagnostics)),
      diagnostics_(std::move(diagnostics)) {}

}  // namespace rankmesh
