#pragma once

#include <compare>
#include <string>
#include <vector>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/topology/cluster.hpp"
#include "rankmesh/topology/error.hpp"

/// @file
/// On which host a process runs, and which ranks of a job share one.

namespace RANKMESH_COMM_API rankmesh {

/// What a process knows of its host.
///
/// Processes are on one host if they run on one kernel: if their boot ids are equal, whatever the names.
/// Containers on one machine have names of their own, but the boot id of the machine. The machine id is in
/// the disk image, which machines may share, so it counts only where no process has a boot id: then processes
/// are on one host if name and machine id are equal.
struct HostIdentity {
  /// The name of the host.
  std::string name{};
  /// A random number of the kernel, another one after each boot. Empty if not known.
  std::string boot{};
  /// The number of the installed system. Empty if not known.
  std::string machine{};
  /// The NVLink fabric that connects this host with others, for example `CLUSTER_UUID.CLIQUE`, see
  /// `nccl::nvlink_fabric`. Empty if there is none.
  std::string fabric{};

  auto operator<=>(const HostIdentity&) const = default;
};

/// The host of this process, from Linux: `/proc/sys/kernel/hostname`, `/proc/sys/kernel/random/boot_id` and
/// `/etc/machine-id`. What cannot be read is empty, and so is the fabric.
[[nodiscard]] HostIdentity this_host();

/// A text that two processes have in common exactly if they are on one host.
[[nodiscard]] std::string host_key(const HostIdentity& host);

/// The ranks of a job have hosts that cannot be true together. Every rank gets the same error.
class HostError : public Error {
 public:
  /// @param problems at least one
  explicit HostError(std::vector<std::string> problems);

  /// One sentence for each contradiction.
  [[nodiscard]] const std::vector<std::string>& problems() const& noexcept { return problems_; }
  const std::vector<std::string>& problems() const&& = delete;

 private:
  std::vector<std::string> problems_;
};

/// What the ranks of a job say of their hosts: each different identity once, which keeps it small.
struct HostsOfRanks {
  /// In the order of the first rank that has each.
  std::vector<HostIdentity> identities{};
  /// By rank, the number of its identity.
  std::vector<int> identity_of_rank{};

  /// Adds a rank after these. O(identities).
  void add(const HostIdentity& host);
  /// Adds the ranks of another list after these. O(identities of both log identities, and ranks of the
  /// other).
  void append(const HostsOfRanks& next);

  bool operator==(const HostsOfRanks&) const = default;
};

/// The cluster on which a job runs.
struct FoundHosts {
  /// The hosts in the order of their first ranks, those of one fabric together, with a slot for each rank on
  /// them. The name of a host is that which its first rank gives. If a host is in an NVLink fabric, there is
  /// a level `nvlink` outside the hosts; other hosts are then domains of their own in it.
  Cluster cluster;
  /// On which slot each rank runs: the ranks of a host in ascending order.
  std::vector<int> slot_of_rank{};

  bool operator==(const FoundHosts&) const = default;
};

/// The cluster that the ranks of a job describe. The same on every rank, for the same hosts.
/// O(ranks + hosts log hosts).
/// @throws HostError listing every rank without a name or boot id, every name that hosts with different boot
///         ids have, or with different machine ids where there are no boot ids, and every host in several
///         fabrics
[[nodiscard]] FoundHosts find_hosts(const HostsOfRanks& hosts);

}  // namespace rankmesh
