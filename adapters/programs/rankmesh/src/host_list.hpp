#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {

/// The largest number of GPUs, cores or processes of a node.
inline constexpr int max_gpus_per_node = 65536;

/// A node, with the number of processes that it takes.
struct Host {
  std::string name{};
  int slots = 0;

  bool operator==(const Host&) const = default;
};

/// Hosts from names separated by commas, or in the short form of SLURM, each perhaps with its slots:
/// `login,node[01-16]:8`.
/// @param slots the slots of each host; it is a problem if they are missing
[[nodiscard]] std::vector<Host> hosts_of_names(const std::string& names, std::optional<int> slots,
                                               Problems& problems);

/// Hosts from a file of any form that `files::load_host_file` reads, each with its own slots or else `slots`.
[[nodiscard]] std::vector<Host> hosts_of_file(const std::string& path, std::optional<int> slots,
                                              Problems& problems);

}  // namespace rankmesh::cli
