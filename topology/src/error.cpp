#include "rankmesh/topology/error.hpp"

#include <utility>

namespace rankmesh {
namespace {

std::string describe(const std::vector<Violation>& violations) {
  if (violations.size() == 1) return "invalid configuration: " + violations.front().message();
  std::string text = "invalid configuration, " + std::to_string(violations.size()) + " violations:";
  for (const Violation& violation : violations) text += "\n  " + violation.message();
  return text;
}

}  // namespace

std::string Violation::message() const {
  std::string text = value.empty() ? field + " " + rule : field + " = " + value + " " + rule;
  const char* separator = "; nearest: ";
  for (const std::int64_t candidate : nearest) {
    text += separator + std::to_string(candidate);
    separator = ", ";
  }
  return text;
}

ConfigError::ConfigError(std::vector<Violation> violations)
    : Error(describe(violations)),
      violations_(std::move(violations)) {}

}  // namespace rankmesh
