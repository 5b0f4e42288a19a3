#include "rankmesh/pmix/error.hpp"

#include <pmix.h>

#include <utility>

namespace rankmesh::pmix {
namespace {

std::string describe(const PmixError::Details& details) {
  std::string text = details.call + " failed: " + PMIx_Error_string(details.code) + " (code " +
                     std::to_string(details.code) + ")";
  if (!details.hint.empty()) text.append(": ").append(details.hint);
  return text;
}

}  // namespace

PmixError::PmixError(Details details) : Error(describe(details)), details_(std::move(details)) {}

}  // namespace rankmesh::pmix
