#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/mesh.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// A host of a cluster.
struct ClusterHost {
  /// The host's name, different from those of the other hosts.
  std::string name{};
  /// The number of processes that the host takes, usually its GPUs.
  int slots = 1;
  /// The domain of the host at each level outside the hosts, outermost first: its rack, its switch.
  std::vector<std::string> domains{};

  bool operator==(const ClusterHost&) const = default;
};

/// Consecutive slots.
struct SlotRange {
  /// The first slot.
  int first = 0;
  /// The number of slots.
  int count = 0;

  bool operator==(const SlotRange&) const = default;
};

/// Where the processes of a job may run: numbered slots in nested levels of domains, for example GPUs in
/// nodes in racks.
///
/// Levels are counted from the outermost, 0. The innermost level has one domain for each slot. A uniform
/// cluster is a formula and answers every question in O(levels) at most; a cluster of named hosts keeps a few
/// integers for each host and slot, and answers in O(levels) too, except for what says otherwise.
class Cluster {
 public:
  /// A uniform cluster: `{{"rack", 8}, {"node", 18}, {"gpu", 4}}` is 8 racks of 18 nodes of 4 GPUs. The hosts
  /// are the level named `node` or `host`; without one, the innermost level but one.
  /// @param levels outermost first
  /// @throws ConfigError listing every level with a repeated name, a name with other characters than letters,
  ///         digits, - and _, or a size below 1; if there are fewer than two levels, or more than 2^31 - 1
  ///         slots
  explicit Cluster(std::vector<Axis> levels);
  /// Named hosts. Slots are numbered host by host in the order given. The levels below `levels` are `node`,
  /// the hosts, and `gpu`, the slots.
  /// @param levels the names of the levels outside the hosts, outermost first
  /// @throws ConfigError listing every host with an empty or repeated name, without a slot, or without one
  ///         domain for each level, and every domain that lies in two domains of the next level outside; if
  ///         there is no host, or more than 2^31 - 1 slots
  Cluster(std::vector<std::string> levels, std::vector<ClusterHost> hosts);

  /// The number of slots.
  [[nodiscard]] int slots() const noexcept { return slots_; }
  /// The number of hosts.
  [[nodiscard]] int hosts() const noexcept { return domain_count(host_level_); }
  /// The number of levels, at least 2.
  [[nodiscard]] std::size_t level_count() const noexcept { return levels_.size(); }
  /// The level of the hosts.
  [[nodiscard]] std::size_t host_level() const noexcept { return host_level_; }
  /// The name of a level. The level must exist.
  [[nodiscard]] const std::string& level_name(std::size_t level) const& noexcept {
    return levels_[level].name;
  }
  const std::string& level_name(std::size_t level) const&& = delete;
  /// The level of a name; nothing if there is none.
  [[nodiscard]] std::optional<std::size_t> find_level(std::string_view name) const noexcept;
  /// The number of domains of a level in the whole cluster. The level must exist.
  [[nodiscard]] int domain_count(std::size_t level) const noexcept { return levels_[level].domains; }
  /// The slots of each domain of a level, if the domains are of one size and slot s is in domain s / size;
  /// nothing for other clusters.
  [[nodiscard]] std::optional<int> domain_size(std::size_t level) const noexcept {
    return is_uniform_ ? std::optional(levels_[level].size) : std::nullopt;
  }
  /// Whether `domain_size` is known at every level.
  [[nodiscard]] bool is_uniform() const noexcept { return is_uniform_; }

  /// The domain of a level that holds a slot. Both must exist.
  [[nodiscard]] int domain_of(int slot, std::size_t level) const noexcept {
    if (is_uniform_) return slot / levels_[level].size;
    if (level > host_level_) return slot;
    const int host = host_of_slot_[static_cast<std::size_t>(slot)];
    return level == host_level_ ? host : levels_[level].domain_of_host[static_cast<std::size_t>(host)];
  }
  /// The host of a slot.
  [[nodiscard]] int host_of(int slot) const noexcept { return domain_of(slot, host_level_); }
  /// The number of a slot on its host, which is its rail where all hosts are wired alike.
  [[nodiscard]] int local_index(int slot) const noexcept { return slot - first_slot(host_of(slot)); }
  /// The first slot of a host.
  [[nodiscard]] int first_slot(int host) const noexcept {
    if (is_uniform_) return host * levels_[host_level_].size;
    return first_slot_[static_cast<std::size_t>(host)];
  }
  /// The number of slots of a host.
  [[nodiscard]] int slots_of_host(int host) const noexcept {
    if (is_uniform_) return levels_[host_level_].size;
    return first_slot_[static_cast<std::size_t>(host) + 1] - first_slot_[static_cast<std::size_t>(host)];
  }
  /// The slots of a domain, in ascending order: a single range in a uniform cluster. O(hosts) in others.
  /// @throws RangeError if there is no such level or domain
  [[nodiscard]] std::vector<SlotRange> slots_of(std::size_t level, int domain) const;
  /// The number of slots of every domain of a level. O(domains + hosts).
  /// @throws RangeError if there is no such level
  [[nodiscard]] std::vector<int> domain_sizes(std::size_t level) const;
  /// The outermost level at which two slots are in different domains; nothing for a slot and itself.
  [[nodiscard]] std::optional<std::size_t> distance(int slot, int other) const noexcept;

  /// The name of a domain: that of the host or domain, or the level and the number, `rack3`.
  /// @throws RangeError if there is no such level or domain
  [[nodiscard]] std::string domain_name(std::size_t level, int domain) const;
  /// The host of a name, in O(hosts); nothing if there is none.
  [[nodiscard]] std::optional<int> find_host(std::string_view name) const;

  /// `rack:8 node:18 gpu:4`, which `parse_cluster` reads back. A cluster of named hosts has a text of another
  /// form: `2 racks, 5 nodes, 40 gpus`.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const Cluster&) const = default;

 private:
  struct Level {
    std::string name{};
    /// In the whole cluster.
    int domains = 1;
    /// The slots of a domain, in a uniform cluster.
    int size = 1;
    /// Empty for uniform clusters without names, and for the hosts and slots.
    std::vector<int> domain_of_host{};
    std::vector<std::string> domain_names{};

    bool operator==(const Level&) const = default;
  };

  void require_domain(std::size_t level, int domain) const;
  void number_hosts(const std::vector<ClusterHost>& hosts);
  void find_uniform_sizes();

  std::vector<Level> levels_;
  int slots_ = 0;
  std::size_t host_level_ = 0;
  bool is_uniform_ = true;
  bool has_names_ = false;
  std::vector<int> first_slot_;
  std::vector<int> host_of_slot_;
};

/// Reads `rack:8 node:18 gpu:4`, outermost level first.
/// @throws ConfigError listing every word that is not of the form `name:size`, and what `Cluster` refuses
[[nodiscard]] Cluster parse_cluster(std::string_view text);

/// The nodes that a number of ranks fills, with some GPUs each. The last node may have GPUs to spare.
/// @param ranks at least 1
/// @throws ConfigError if `gpus_per_node` is below 1
[[nodiscard]] Cluster cluster_of_nodes(int ranks, int gpus_per_node);

}  // namespace rankmesh
