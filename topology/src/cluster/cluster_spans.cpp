#include <algorithm>
#include <limits>

#include "cluster/family_of_slots.hpp"
#include "queries/block_survey.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/placement.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh {
namespace {

void require_slots(const GroupFamily& family, const Cluster& cluster, const Placement& placement) {
  if (family.world_size() > placement.ranks()) {
    throw RangeError("the placement has " + std::to_string(placement.ranks()) + " ranks, the family has " +
                     std::to_string(family.world_size()));
  }
  for (const Digit& digit : placement.digits()) {
    if ((digit.size - 1) * digit.stride >= cluster.slots()) {
      throw RangeError("the placement needs more slots than the " + std::to_string(cluster.slots()) +
                       " of the cluster");
    }
  }
  if (!placement.digits().empty()) {
    if (placement.slot_of(placement.ranks() - 1) < cluster.slots()) return;
  } else {
    const std::vector<int> slots = placement.slots();
    if (*std::max_element(slots.begin(), slots.end()) < cluster.slots()) return;
  }
  throw RangeError("the placement needs more slots than the " + std::to_string(cluster.slots()) +
                   " of the cluster");
}

/// Counts the members of one group at a time in each domain of a level.
class DomainCounts {
 public:
  explicit DomainCounts(int domains) : counts_(static_cast<std::size_t>(domains)) {}

  void add(int domain) {
    if (counts_[static_cast<std::size_t>(domain)]++ == 0) touched_.push_back(domain);
  }
  [[nodiscard]] int distinct() const noexcept { return static_cast<int>(touched_.size()); }
  [[nodiscard]] int members_in(int domain) const noexcept {
    return counts_[static_cast<std::size_t>(domain)];
  }
  [[nodiscard]] const std::vector<int>& touched() const noexcept { return touched_; }
  void clear() {
    for (const int domain : touched_) counts_[static_cast<std::size_t>(domain)] = 0;
    touched_.clear();
  }

 private:
  std::vector<int> counts_;
  std::vector<int> touched_;
};

/// Where the groups of a family of slots lie on a uniform cluster.
ClusterSpans spans_of_slots(const GroupFamily& slots, const Cluster& cluster) {
  ClusterSpans result;
  for (std::size_t level = 0; level + 1 < cluster.level_count(); ++level) {
    const std::int64_t size = *cluster.domain_size(level);
    const LevelSpan& span = result.levels.emplace_back(survey_blocks(slots, size));
    // The domains that a group touches have room for just its members.
    result.fills_domains.push_back(span.most * size == slots.group_size());
  }
  result.is_rail_aligned = have_one_place(slots, *cluster.domain_size(cluster.host_level()));
  return result;
}

}  // namespace

bool are_spans_formulas(const GroupFamily& family, const Cluster& cluster, const Placement& placement) {
  return cluster.is_uniform() && family_of_slots(family, placement).has_value();
}

ClusterSpans cluster_spans(const GroupFamily& family, const Cluster& cluster, const Placement& placement) {
  require_slots(family, cluster, placement);
  if (cluster.is_uniform()) {
    if (const auto moved = family_of_slots(family, placement)) return spans_of_slots(*moved, cluster);
  }
  const std::vector<int> slots = placement.slots();
  ClusterSpans result;
  std::vector<DomainCounts> counts;
  std::vector<std::vector<int>> sizes;
  for (std::size_t level = 0; level + 1 < cluster.level_count(); ++level) {
    counts.emplace_back(cluster.domain_count(level));
    sizes.push_back(cluster.domain_sizes(level));
    result.levels.push_back({.fewest = std::numeric_limits<int>::max(), .most = 0});
    result.fills_domains.push_back(true);
  }
  for (int group = 0; group < family.group_count(); ++group) {
    int rail = -1;
    family.group(group).for_each([&](int rank) {
      const int slot = slots[static_cast<std::size_t>(rank)];
      for (std::size_t level = 0; level < counts.size(); ++level)
        counts[level].add(cluster.domain_of(slot, level));
      const int index = cluster.local_index(slot);
      if (rail >= 0 && index != rail) result.is_rail_aligned = false;
      rail = index;
    });
    for (std::size_t level = 0; level < counts.size(); ++level) {
      LevelSpan& span = result.levels[level];
      const int distinct = counts[level].distinct();
      span.fewest = std::min(span.fewest, distinct);
      if (distinct > span.most) span.worst_group = group;
      span.most = std::max(span.most, distinct);
      if (distinct > 1) ++span.crossing_groups;
      for (const int domain : counts[level].touched()) {
        if (counts[level].members_in(domain) != sizes[level][static_cast<std::size_t>(domain)]) {
          result.fills_domains[level] = false;
        }
      }
      counts[level].clear();
    }
  }
  return result;
}

LevelSpan level_span(const GroupFamily& family, const Cluster& cluster, const Placement& placement,
                     std::size_t level) {
  static_cast<void>(cluster.slots_of(level, 0));  // throws if there is no such level
  require_slots(family, cluster, placement);
  if (const auto size = cluster.domain_size(level)) {
    if (const auto moved = family_of_slots(family, placement)) return survey_blocks(*moved, *size);
  }
  LevelSpan span{.fewest = std::numeric_limits<int>::max(), .most = 0};
  DomainCounts counts(cluster.domain_count(level));
  for (int group = 0; group < family.group_count(); ++group) {
    family.group(group).for_each(
        [&](int rank) { counts.add(cluster.domain_of(placement.slot_of(rank), level)); });
    span.fewest = std::min(span.fewest, counts.distinct());
    if (counts.distinct() > span.most) span.worst_group = group;
    if (counts.distinct() > 1) ++span.crossing_groups;
    span.most = std::max(span.most, counts.distinct());
    counts.clear();
  }
  return span;
}

std::vector<int> domains_of_group(const GroupFamily& family, int group, const Cluster& cluster,
                                  const Placement& placement, std::size_t level) {
  static_cast<void>(cluster.slots_of(level, 0));  // throws if there is no such level
  require_slots(family, cluster, placement);
  std::vector<int> domains;
  family.group(group).for_each(
      [&](int rank) { domains.push_back(cluster.domain_of(placement.slot_of(rank), level)); });
  std::sort(domains.begin(), domains.end());
  domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
  return domains;
}

}  // namespace rankmesh
