#include "rankmesh/nccl/error.hpp"

#include <utility>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::nccl {
namespace {

std::string describe(const NcclError::Details& details) {
  std::string text = details.call + " failed";
  if (details.rank) text.append(" on rank ").append(std::to_string(*details.rank));
  if (details.kind) {
    text.append(", making the ").append(details.kind->name()).append(" communicator");
    if (details.group) text.append(" of group ").append(std::to_string(*details.group));
  }
  return text + ": " + details.text + " (code " + std::to_string(details.code) + ")";
}

std::string describe(const std::vector<std::string>& problems) {
  std::string text = "the NCCL options have " + counted(problems.size(), "problem") + ":";
  for (const std::string& problem : problems) text.append("\n  ").append(problem);
  return text;
}

}  // namespace

NcclError::NcclError(Details details) : Error(describe(details)), details_(std::move(details)) {}

OptionsError::OptionsError(std::vector<std::string> problems)
    : Error(describe(problems)),
      problems_(std::move(problems)) {}

}  // namespace rankmesh::nccl
