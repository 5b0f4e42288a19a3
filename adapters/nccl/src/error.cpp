#include "rankmesh/nccl/error.hpp"

#include <utility>

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

}  // namespace

NcclError::NcclError(Details details) : Error(describe(details)), details_(std::move(details)) {}

}  // namespace rankmesh::nccl
