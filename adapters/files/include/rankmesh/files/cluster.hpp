#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/export.hpp"
#include "rankmesh/topology/cluster.hpp"

/// @file
/// Clusters and lists of hosts in the files of schedulers and launchers, and in TOML. docs/clusters.md has an
/// example of each.

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// What a file of hosts is. The reader finds out from the contents.
enum class HostFileKind {
  /// One line with a hostlist: `login,node[01-16]`.
  hostlist,
  /// A host in each line, or several between commas, once for each rank: the order of SLURM's distribution
  /// `arbitrary`, and a plain list of hosts.
  host_list,
  /// `node0 slots=8 max_slots=16` in each line, as Open MPI reads it.
  openmpi_hostfile,
  /// `rank 0=node0 slot=3` in each line, as Open MPI reads it.
  openmpi_rankfile,
  /// `node0:8` in each line, as MPICH's Hydra reads it.
  hydra_hostfile,
  /// Variables of a SLURM job, such as `SLURM_JOB_NODELIST=node[1-4]`.
  slurm_environment,
  /// SLURM's `topology.conf`: switches or blocks.
  slurm_topology_conf,
  /// SLURM's `topology.yaml`.
  slurm_topology_yaml,
  /// The TOML form of rankmesh.
  toml,
};

/// `openmpi-hostfile`, for example.
[[nodiscard]] std::string_view name_of(HostFileKind kind) noexcept;

/// A host as a file has it.
struct ListedHost {
  /// The host's name.
  std::string name{};
  /// The processes that the host takes; nothing if the file does not say.
  std::optional<int> slots{};
  /// The most processes that the host takes, of an Open MPI hostfile.
  std::optional<int> max_slots{};
  /// The CPUs of the host in a SLURM job.
  std::optional<int> cpus{};
  /// The domain at each of the file's levels; empty for a level that the host's part of the tree does not
  /// have.
  std::vector<std::string> domains{};

  bool operator==(const ListedHost&) const = default;
};

/// The link out of a domain of a level.
struct LevelLink {
  /// The level.
  std::string level{};
  /// In each direction and for each slot, in 10^9 bytes per second.
  std::optional<double> bandwidth_gb_s{};
  /// In microseconds.
  std::optional<double> latency_us{};

  bool operator==(const LevelLink&) const = default;
};

/// The contents of a file of hosts.
struct HostFile {
  /// What the file is.
  HostFileKind kind = HostFileKind::hostlist;
  /// The hosts in their order. A hostlist repeats a host that it names twice; elsewhere a host is listed
  /// once, where it is first named, with the slots of all mentions.
  std::vector<ListedHost> hosts{};
  /// The levels outside the hosts, outermost first: the switches of a tree, blocks, racks.
  std::vector<std::string> levels{};
  /// The host of each rank, where the file says in which order ranks are placed; otherwise empty.
  std::vector<std::string> host_of_rank{};
  /// The order of the ranks in the words of the launcher: `block`, `plane=2`, `by slot`; empty if unknown.
  std::string distribution{};
  /// The topologies of a `topology.yaml`, `name:kind`; the default one is read.
  std::vector<std::string> views{};
  /// The block sizes of SLURM's block topology.
  std::vector<int> block_sizes{};
  /// Of a TOML file: a uniform cluster.
  std::optional<Cluster> uniform{};
  /// Of a TOML file: the links, for the levels that the file describes.
  std::vector<LevelLink> links{};
  /// Of a TOML file: the GPU, a name of `planner::known_gpus`; empty if the file does not say.
  std::string gpu{};
  /// Of a TOML file: the memory of a GPU in GiB.
  std::optional<double> gpu_memory_gib{};

  /// The cluster. A host that is repeated has the slots of all its mentions.
  /// @param slots the slots of the hosts that have none in the file; 1 if missing
  /// @throws ConfigError as the constructor of `Cluster`
  [[nodiscard]] Cluster cluster(std::optional<int> slots = std::nullopt) const;
};

/// Reads a file of hosts, of any kind.
/// @param source the name of the text in diagnostics
/// @throws FileError listing every mistake with its line
[[nodiscard]] HostFile parse_host_file(std::string_view text, const std::string& source = "<text>");
/// Reads a file of at most 64 MiB, or standard input if the path is `-`.
/// @throws FileError the same, and if the file cannot be read
[[nodiscard]] HostFile load_host_file(const std::string& path);

}  // namespace files
}  // namespace rankmesh
