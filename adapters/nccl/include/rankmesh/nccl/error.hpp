#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/nccl/export.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/group_kind.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// A call of NCCL or of the CUDA runtime that failed.
class NcclError : public Error {
 public:
  /// The call that failed, and the communicator it was made for.
  struct Details {
    /// The function, for example `ncclCommInitRankConfig`.
    std::string call{};
    /// The error code it returned.
    int code = 0;
    /// The text of NCCL or CUDA for the code.
    std::string text{};
    /// The rank it failed on, in the communicator of the bring-up; nothing if not known.
    std::optional<int> rank{};
    /// The kind whose communicator was being made, if any.
    std::optional<GroupKind> kind{};
    /// The group of this rank in that kind; nothing if the call was not for a group.
    std::optional<int> group{};
  };

  /// @param details the parts of the message
  explicit NcclError(Details details);

  /// The parts of the message, as data.
  [[nodiscard]] const Details& details() const& noexcept { return details_; }
  const Details& details() const&& = delete;

 private:
  Details details_;
};

/// Invalid options, and options that this version of NCCL does not have: all of them, not only the first.
class OptionsError : public Error {
 public:
  /// @param problems at least one
  explicit OptionsError(std::vector<std::string> problems);

  /// Every problem found, a sentence each.
  [[nodiscard]] const std::vector<std::string>& problems() const& noexcept { return problems_; }
  const std::vector<std::string>& problems() const&& = delete;

 private:
  std::vector<std::string> problems_;
};

}  // namespace nccl
}  // namespace rankmesh
