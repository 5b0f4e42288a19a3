#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host_list.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// Every rank of a job on a host, each group of one kind inside one.
///
/// The hosts take whole groups in the order of both, as many as fit; the ranks that are in no group of the
/// kind take the slots that are left, likewise in order. O(hosts) memory; where a member is, is found in
/// O(log hosts).
class Placement {
 public:
  /// Where a process is.
  struct Seat {
    int host = 0;
    /// On that host, from 0.
    int slot = 0;
  };

  /// @param kind of a topology that outlives this object
  Placement(const Topology& topology, const KindFamily& kind, std::vector<Host> hosts);

  /// What is wrong if the groups do not fit, a sentence each.
  [[nodiscard]] Problems problems() const;

  [[nodiscard]] const std::vector<Host>& hosts() const noexcept { return hosts_; }
  /// The processes on a host.
  [[nodiscard]] int processes_on(int host) const;

  /// Visits the ranks in order with their seats. There must be no problem.
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

  /// Whether the ranks fill the hosts in order, so that a hostfile says all.
  [[nodiscard]] bool is_in_order() const;

 private:
  [[nodiscard]] int groups_on(int host) const;
  [[nodiscard]] int host_of_group(int group) const;
  /// The first seat that no group takes, from a host on; past the end if there is none.
  [[nodiscard]] Seat free_from(int host) const;
  [[nodiscard]] std::int64_t seats() const;

  const GroupFamily* family_;
  std::string kind_;
  int world_size_;
  std::vector<Host> hosts_;
  /// Of each host, and past the last one.
  std::vector<int> first_group_;
  std::int64_t room_for_groups_ = 0;
};

}  // namespace rankmesh::cli
