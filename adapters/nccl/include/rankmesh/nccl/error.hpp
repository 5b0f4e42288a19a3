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
  /// What failed, and on whose behalf.
  struct Details {
    /// The call, `ncclCommInitRankConfig` say.
    std::string call{};
    /// What it returned, as a number and in the library's words.
    int code = 0;
    /// NCCL's words for the code.
    std::string text{};
    /// The rank it failed on, in the communicator the job was brought up on; nothing where that is not known.
    std::optional<int> rank{};
    /// The kind whose communicator was made, where one was, and the group of this rank in it.
    std::optional<GroupKind> kind{};
    /// The number of the group; nothing where it was no call for one.
    std::optional<int> group{};
  };

  /// @param details what the message is made of
  explicit NcclError(Details details);

  /// What failed, as data.
  [[nodiscard]] const Details& details() const noexcept { return details_; }

 private:
  Details details_;
};

/// Options that make no sense, or that this version of NCCL does not have: all of them, never only the first.
class OptionsError : public Error {
 public:
  /// @param problems at least one
  explicit OptionsError(std::vector<std::string> problems);

  /// Every problem found, a sentence each.
  [[nodiscard]] const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  std::vector<std::string> problems_;
};

}  // namespace nccl
}  // namespace rankmesh
