#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {

/// The most GPUs, cores or processes that a node may be said to have.
inline constexpr int max_gpus_per_node = 65536;

/// A node and how many processes it takes.
struct Host {
  std::string name{};
  int slots = 0;

  bool operator==(const Host&) const = default;
};

/// Hosts from names with commas between them.
/// @param slots of each; without, that is a problem
[[nodiscard]] std::vector<Host> hosts_of_names(const std::string& names, std::optional<int> slots,
                                               Problems& problems);

/// Hosts from a file in the form of Open MPI's hostfiles: in each line a name, and `slots=N` where it has
/// another number than `slots`; `#` begins a comment.
[[nodiscard]] std::vector<Host> hosts_of_file(const std::string& path, std::optional<int> slots,
                                              Problems& problems);

}  // namespace rankmesh::cli
