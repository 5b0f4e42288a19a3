#pragma once

#include <optional>

#include "rankmesh/topology/placement.hpp"

namespace rankmesh {

/// The family of the slots on which a family's ranks are; nothing if the digits of both do not fit each
/// other.
[[nodiscard]] std::optional<GroupFamily> family_of_slots(const GroupFamily& family,
                                                         const Placement& placement);

}  // namespace rankmesh
