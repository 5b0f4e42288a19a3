#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster_argument.hpp"
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
  /// The first slots without one of the first `ranks` ranks, ascending, at most `most` of them: those of
  /// spares.
  [[nodiscard]] std::vector<int> free_slots(int ranks, int most) const;
};

/// `--placement`
Option& add_placement(Command& command);

/// Where some ranks run: as the file of `--placement` says, or the file of the cluster, or in order.
/// @param path `--placement`
/// @return nothing if there is a problem
[[nodiscard]] std::optional<Placement> place_ranks(const GivenCluster& given,
                                                   const std::optional<std::string>& path, int ranks,
                                                   Problems& problems);

/// `--cluster`, `--placement` and `--keep`
class ClusterOptions {
 public:
  /// @param description of `--cluster`
  /// @param warns whether the command warns of groups that cross levels, which `--keep` is about
  explicit ClusterOptions(Command& command,
                          std::string description =
                              "also show which domains groups touch: a file, a text such as \"rack:8 node:18 "
                              "gpu:4\", or a hostlist",
                          bool warns = true);

  /// Whether one of the options was given.
  [[nodiscard]] bool is_given() const { return cluster_.count() + placement_.count() > 0; }
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
  const Option* keep_ = nullptr;
};

}  // namespace rankmesh::cli
