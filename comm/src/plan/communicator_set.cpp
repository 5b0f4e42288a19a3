#include "rankmesh/comm/communicator_set.hpp"

#include <string>

namespace rankmesh {

std::string describe(Absence absence, GroupKind kind) {
  const std::string name(kind.name());
  const std::string text = "there is no " + name + " communicator on this rank: ";
  switch (absence) {
    case Absence::none:
      break;
    case Absence::in_no_group:
      return text + "it is in no group of this kind; ask is_member() first";
    case Absence::group_of_one:
      return text + "its group has one member; ask has_communicator() first, or set groups_of_one";
    case Absence::left_out:
      return text + "the option only leaves this kind out";
    case Absence::not_made:
      return text + "it is made later, when all members of the group call make";
  }
  return "there is a " + name + " communicator on this rank";
}

}  // namespace rankmesh
