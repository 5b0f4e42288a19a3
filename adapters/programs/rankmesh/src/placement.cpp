#include "placement.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {

HostPlacement::HostPlacement(const Topology& topology, const KindFamily& kind, std::vector<Host> hosts)
    : family_(&kind.family),
      kind_(kind.kind.name()),
      world_size_(topology.world_size()),
      hosts_(std::move(hosts)) {
  first_group_.push_back(0);
  for (const Host& host : hosts_) {
    const int room = host.slots / family_->group_size();
    room_for_groups_ += room;
    first_group_.push_back(first_group_.back() +
                           std::min(room, family_->group_count() - first_group_.back()));
  }
}

Problems HostPlacement::problems() const {
  Problems problems;
  const int size = family_->group_size();
  const int count = family_->group_count();
  const std::string hosts = counted(hosts_.size(), "host");
  int most = 0;
  for (const Host& host : hosts_) most = std::max(most, host.slots);
  if (size > most) {
    problems.push_back(fmt::format("--kind: {} has {}, more than the {} of the largest host",
                                   with_article(kind_ + " group"), counted(size, "rank"),
                                   counted(most, "slot")));
  } else if (room_for_groups_ < count) {
    problems.push_back(fmt::format("--kind: there are {} of {}, and room for {} on {}",
                                   counted(count, fmt::format("{} group", kind_)), counted(size, "rank"),
                                   room_for_groups_, hosts));
  }
  if (seats() < world_size_) {
    problems.push_back(fmt::format("the job has {}, more than the {} of {}", counted(world_size_, "rank"),
                                   counted(seats(), "slot"), hosts));
  }
  return problems;
}

std::int64_t HostPlacement::seats() const {
  std::int64_t total = 0;
  for (const Host& host : hosts_) total += host.slots;
  return total;
}

int HostPlacement::groups_on(int host) const {
  const auto place = static_cast<std::size_t>(host);
  return first_group_[place + 1] - first_group_[place];
}

int HostPlacement::host_of_group(int group) const {
  const auto after = std::upper_bound(first_group_.begin(), first_group_.end(), group);
  return static_cast<int>(after - first_group_.begin()) - 1;
}

HostPlacement::Seat HostPlacement::free_from(int host) const {
  for (; host < static_cast<int>(hosts_.size()); ++host) {
    const int taken = groups_on(host) * family_->group_size();
    if (taken < hosts_[static_cast<std::size_t>(host)].slots) return {host, taken};
  }
  return {host, 0};
}

int HostPlacement::processes_on(int host) const {
  std::int64_t others = world_size_ - family_->member_count();
  for (int i = 0; i < host; ++i) {
    others -= hosts_[static_cast<std::size_t>(i)].slots - groups_on(i) * family_->group_size();
  }
  const int members = groups_on(host) * family_->group_size();
  const std::int64_t room = hosts_[static_cast<std::size_t>(host)].slots - members;
  return members + static_cast<int>(std::clamp<std::int64_t>(others, 0, room));
}

}  // namespace rankmesh::cli
