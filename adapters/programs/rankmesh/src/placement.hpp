#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host_list.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// A placement of all ranks of a job on hosts, with each group of one kind on one host.
///
/// The groups are placed in order on the hosts in order, as many on each as fit. Then the ranks that are in
/// no group of the kind take the remaining slots in order. O(hosts) memory; O(log hosts) time for a rank.
class HostPlacement {
 public:
  /// The place of a process.
  struct Seat {
    int host = 0;
    /// The slot on the host, from 0.
    int slot = 0;
  };

  /// @param kind a kind of a topology that outlives this object
  HostPlacement(const Topology& topology, const KindFamily& kind, std::vector<Host> hosts);

  /// Why the groups do not fit; empty if they do.
  [[nodiscard]] Problems problems() const;

  [[nodiscard]] const std::vector<Host>& hosts() const noexcept { return hosts_; }
  /// The number of processes on a host.
  [[nodiscard]] int processes_on(int host) const;

  /// Calls `visit(rank, seat)` for each rank in order. `problems()` must be empty.
  template <typename Visit>
  void each_rank(Visit visit) const {
    Seat next = free_from(0);
    for (int rank = 0; rank < world_size_; ++rank) {
      if (const auto place = family_->locate(rank)) {
        const int host = host_of_group(place->group);
        const int before = place->group - first_group_[static_cast<std::size_t>(host)];
        visit(rank, Seat{host, before * family_->group_size() + place->position});
        continue;
      }
      visit(rank, next);
      ++next.slot;
      if (next.slot == hosts_[static_cast<std::size_t>(next.host)].slots) next = free_from(next.host + 1);
    }
  }

 private:
  [[nodiscard]] int groups_on(int host) const;
  [[nodiscard]] int host_of_group(int group) const;
  /// The first seat without a group, on a host or the following ones; past the end if there is none.
  [[nodiscard]] Seat free_from(int host) const;
  [[nodiscard]] std::int64_t seats() const;

  const GroupFamily* family_;
  std::string kind_;
  int world_size_;
  std::vector<Host> hosts_;
  /// The first group of each host, and the number of groups behind the last host.
  std::vector<int> first_group_;
  std::int64_t room_for_groups_ = 0;
};

}  // namespace rankmesh::cli
