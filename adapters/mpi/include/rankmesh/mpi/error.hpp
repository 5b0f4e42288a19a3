#pragma once

#include <optional>
#include <string>

#include "rankmesh/mpi/export.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/group_kind.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// An MPI call that failed.
class MpiError : public Error {
 public:
  /// What failed, and on whose behalf.
  struct Details {
    /// The call, `MPI_Comm_create_group` say.
    std::string call;
    /// What it returned.
    int code = 0;
    /// The rank it failed on, in the communicator the job was brought up on; nothing where that is not known.
    std::optional<int> rank{};
    /// The kind whose communicator was made, where one was.
    std::optional<GroupKind> kind{};
    /// The group of this rank in that kind; nothing where it has none.
    std::optional<int> group{};
  };

  /// Asks MPI for the text of the code.
  explicit MpiError(Details details);

  /// What failed, as data.
  [[nodiscard]] const Details& details() const noexcept { return details_; }

 private:
  Details details_;
};

}  // namespace mpi
}  // namespace rankmesh
