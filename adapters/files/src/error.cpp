#include "rankmesh/files/error.hpp"

#include <utility>

namespace rankmesh::files {
namespace {

std::string describe(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text.append(text.empty() ? "" : "\n").append(problem.message());
  return text;
}

}  // namespace

std::string Problem::message() const {
  const std::string place = line == 0 ? "" : ":" + std::to_string(line) + ":" + std::to_string(column);
  return source + place + ": " + text;
}

FileError::FileError(std::vector<Problem> problems)
    : Error(describe(problems)),
      problems_(std::move(problems)) {}

}  // namespace rankmesh::files
