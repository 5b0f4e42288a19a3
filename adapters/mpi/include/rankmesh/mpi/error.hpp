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
  /// The call that failed, and the communicator it was made for.
  struct Details {
    /// The function of MPI, for example `MPI_Comm_create_group`.
    std::string call;
    /// The error code it returned.
    int code = 0;
    /// The rank it failed on, in the communicator of the bring-up; nothing if not known.
    std::optional<int> rank{};
    /// The kind whose communicator was being made, if any.
    std::optional<GroupKind> kind{};
    /// The group of this rank in that kind; nothing if it has none.
    std::optional<int> group{};
  };

  /// Takes the text of the code from MPI.
  explicit MpiError(Details details);

  /// The parts of the message, as data.
  [[nodiscard]] const Details& details() const& noexcept { return details_; }
  const Details& details() const&& = delete;

 private:
  Details details_;
};

}  // namespace mpi
}  // namespace rankmesh
