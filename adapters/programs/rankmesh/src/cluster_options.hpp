#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/crossings.hpp"
#include "rankmesh/topology/placement.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// Where the ranks of a job run.
struct PlacedRanks {
  Cluster cluster;
  Placement placement;
  /// `--keep`
  std::vector<KindLevel> keep{};

  /// The names of the domains of a level that a group touches.
  [[nodiscard]] std::vector<std::string> domains(const GroupFamily& family, int group,
                                                 std::size_t level) const;
};

/// `--cluster`, `--placement` and `--keep`
class ClusterOptions {
 public:
  explicit ClusterOptions(Command& command);

  /// The cluster with the ranks on it: as the file of `--placement` says, or the file of the cluster, or in
  /// order.
  /// @param reading the layout; without one that is right, only the cluster is checked
  /// @param slots `--gpus-per-node`
  /// @return nothing if `--cluster` was not given, or has a problem
  [[nodiscard]] std::optional<PlacedRanks> read(const ConfigReading& reading, std::optional<int> slots,
                                                Problems& problems) const;

 private:
  const Option& cluster_;
  const Option& placement_;
  const Option& keep_;
};

}  // namespace rankmesh::cli
