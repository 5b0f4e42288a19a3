#pragma once

#include <string>
#include <vector>

#include "rankmesh/topology/cluster.hpp"

namespace rankmesh {

/// @throws ConfigError as the constructors of `Cluster` say
void require_levels(const std::vector<Axis>& levels);
/// The same for named hosts.
void require_hosts(const std::vector<std::string>& levels, const std::vector<ClusterHost>& hosts);

}  // namespace rankmesh
