#pragma once

#include <string>

#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::cli {

/// An object with every field of a configuration under its name.
[[nodiscard]] std::string config_json(const ParallelConfig& config);

/// Writes a list of the ranks of a group.
void put_group_json(Writer& out, const GroupFamily& family, int group);

}  // namespace rankmesh::cli
