#include "rankmesh/files/error.hpp"

#include <utility>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

std::string lines_of(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : diagnostics) lines.push_back(diagnostic.message());
  return joined(lines, "\n");
}

}  // namespace

FileError::FileError(std::vector<Diagnostic> diagnostics)
    : Error(lines_of(diagnostics)),
      diagnostics_(std::move(diagnostics)) {}

FileError::FileError(SourcePlace place, std::string rule)
    : FileError(std::vector<Diagnostic>{{.rule = std::move(rule), .place = std::move(place)}}) {}

}  // namespace rankmesh::files
