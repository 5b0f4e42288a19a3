#pragma once

#include <string>

#include "rankmesh/pmix/export.hpp"
#include "rankmesh/topology/error.hpp"

namespace RANKMESH_PMIX_API rankmesh {
namespace pmix {

/// A call of PMIx that failed.
class PmixError : public Error {
 public:
  /// The call, and its error.
  struct Details {
    /// The function of PMIx, for example `PMIx_Init`.
    std::string call{};
    /// The status it returned.
    int code = 0;
    /// What that means for the caller; empty if there is nothing to add.
    std::string hint{};
  };

  /// Takes the text of the status from PMIx.
  explicit PmixError(Details details);

  /// The parts of the message, as data.
  [[nodiscard]] const Details& details() const& noexcept { return details_; }
  const Details& details() const&& = delete;

 private:
  Details details_;
};

}  // namespace pmix
}  // namespace rankmesh
