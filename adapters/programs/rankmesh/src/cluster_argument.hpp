#pragma once

#include <optional>
#include <string>

#include "rankmesh/files/cluster.hpp"
#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {

/// A cluster as a user gives it.
struct GivenCluster {
  Cluster cluster;
  /// The file, or the hosts of a hostlist; nothing for a text such as `node:4 gpu:8`.
  std::optional<files::HostFile> file{};
};

/// Reads a cluster: a file of hosts, `-` for standard input, a text such as `rack:8 node:18 gpu:4`, or a
/// hostlist such as `node[01-16]`.
/// @param name the option or argument, for problems
/// @param slots the slots of hosts for which the file gives none
/// @return nothing, and a problem for every mistake, if it cannot be read
[[nodiscard]] std::optional<GivenCluster> read_cluster(const std::string& name, const std::string& given,
                                                       std::optional<int> slots, Problems& problems);

}  // namespace rankmesh::cli
