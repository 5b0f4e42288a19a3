#pragma once

#include <string>

#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::cli {

/// A JSON object with the fields of a configuration by name.
[[nodiscard]] std::string config_json(const ParallelConfig& config);

/// Writes the ranks of a group as a JSON array.
void put_group_json(Writer& out, const GroupFamily& family, int group);

}  // namespace rankmesh::cli
