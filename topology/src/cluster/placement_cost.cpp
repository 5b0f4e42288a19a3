#include "cluster/placement_cost.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// Rough shares of the bytes that a member sends in a training step of a transformer. Activations pass
/// through tensor groups four times in each layer, forward and backward, and through expert groups as often
/// for the experts of a token; context groups exchange keys and values, which are smaller; gradients are
/// reduced once per step; a stage passes its activations on once. Where a convention has several kinds for
/// one purpose, the first counts.
struct DefaultWeight {
  std::array<std::string_view, 4> kinds;
  double weight;
};
constexpr std::array<DefaultWeight, 7> default_table{{
    {{"tensor", "tp", "model", ""}, 128},
    {{"expert", "ep", "moe_ep", ""}, 64},
    {{"context", "cp", "dcp", ""}, 8},
    {{"sequence", "sp", "ulysses", ""}, 64},
    {{"data_context", "sequence_data", "data", "dp"}, 4},
    {{"expert_data", "edp", "", ""}, 4},
    {{"pipeline", "pp", "pipe", ""}, 2},
}};

}  // namespace

TrafficPattern traffic_pattern(GroupKind kind) noexcept {
  if (kind.name() == "pipeline") return TrafficPattern::chain;
  if (kind.name() == "expert" || kind.name() == "sequence") return TrafficPattern::all_to_all;
  return TrafficPattern::ring;
}

std::vector<KindWeight> default_weights(const Topology& topology) {
  std::vector<KindWeight> weights;
  std::vector<const GroupFamily*> families;
  const auto add = [&](const KindFamily& kind, double weight) {
    const auto is_same = [&](const GroupFamily* other) { return other->same_groups(kind.family); };
    if (std::any_of(families.begin(), families.end(), is_same)) return;
    families.push_back(&kind.family);
    weights.push_back({kind.kind, weight});
  };
  for (const auto& [names, weight] : default_table) {
    for (const std::string_view name : names) {
      const KindFamily* kind = name.empty() ? nullptr : topology.find_kind(GroupKind(name));
      if (kind == nullptr || kind->family.group_size() < 2) continue;
      add(*kind, weight);
      break;
    }
  }
  if (!weights.empty()) return weights;
  for (const KindFamily& kind : topology.kinds()) {
    if (kind.family.group_size() > 1) add(kind, 1);
  }
  return weights;
}

PlacementCost::PlacementCost(const Topology& topology, const Cluster& cluster,
                             const PlacementWeights& weights)
    : cluster_(&cluster) {
  for (const auto& [name, weight] : weights.kinds) {
    const KindFamily* kind = topology.find_kind(name);
    if (kind == nullptr) static_cast<void>(topology.family(name));  // throws, and lists the kinds
    if (kind->family.group_size() < 2 || weight <= 0) continue;
    kinds_.push_back({&kind->family, traffic_pattern(kind->kind), weight});
  }
  for (const LevelCost& level : weights.levels) {
    if (cluster.find_level(level.level)) continue;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < cluster.level_count(); ++i) names.push_back(cluster.level_name(i));
    throw RangeError("the cluster has no level " + level.level + "; it has " + joined(names, ", "));
  }
  int most_domains = 1;
  for (std::size_t level = 0; level + 1 < cluster.level_count(); ++level) {
    double cost = 1;
    for (const LevelCost& given : weights.levels) {
      if (given.level == cluster.level_name(level)) cost = given.cost;
    }
    if (cost <= 0 || cluster.domain_count(level) == 1) continue;
    levels_.push_back({level, cost});
    most_domains = std::max(most_domains, cluster.domain_count(level));
  }
  counts_.resize(static_cast<std::size_t>(most_domains));
  for (const WeightedKind& kind : kinds_)
    seen_.emplace_back(static_cast<std::size_t>(kind.family->group_count()));
}

std::int64_t PlacementCost::visits() const noexcept {
  std::int64_t members = 0;
  for (const WeightedKind& kind : kinds_) members += kind.family->member_count();
  return members * static_cast<std::int64_t>(std::max<std::size_t>(levels_.size(), 1));
}

double PlacementCost::crossings(TrafficPattern pattern, const WeightedLevel& level) {
  touched_.clear();
  int steps = 0;
  int before = -1;
  for (const int slot : members_) {
    const int domain = cluster_->domain_of(slot, level.level);
    if (counts_[static_cast<std::size_t>(domain)]++ == 0) touched_.push_back(domain);
    if (before >= 0 && domain != before) ++steps;
    before = domain;
  }
  const auto size = static_cast<double>(members_.size());
  double pairs = size * size;
  for (const int domain : touched_) {
    int& count = counts_[static_cast<std::size_t>(domain)];
    pairs -= static_cast<double>(count) * count;
    count = 0;
  }
  if (pattern == TrafficPattern::chain) return steps;
  if (pattern == TrafficPattern::all_to_all) return pairs / (size - 1);
  return touched_.size() > 1 ? static_cast<double>(touched_.size()) : 0;
}

double PlacementCost::of_group(const WeightedKind& kind, int group, const std::vector<int>& slot_of_rank) {
  members_.clear();
  kind.family->group(group).for_each(
      [&](int rank) { members_.push_back(slot_of_rank[static_cast<std::size_t>(rank)]); });
  visited_ += static_cast<std::int64_t>(members_.size() * levels_.size());
  double cost = 0;
  for (const WeightedLevel& level : levels_) cost += level.cost * crossings(kind.pattern, level);
  return kind.weight * cost;
}

double PlacementCost::of(const std::vector<int>& slot_of_rank) {
  double cost = 0;
  for (const WeightedKind& kind : kinds_) {
    for (int group = 0; group < kind.family->group_count(); ++group)
      cost += of_group(kind, group, slot_of_rank);
  }
  return cost;
}

double PlacementCost::of_groups_with(const std::vector<int>& ranks, const std::vector<int>& slot_of_rank) {
  double cost = 0;
  ++round_;
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    for (const int rank : ranks) {
      const auto place = kinds_[i].family->locate(rank);
      if (!place) continue;
      int& seen = seen_[i][static_cast<std::size_t>(place->group)];
      if (seen == round_) continue;
      seen = round_;
      cost += of_group(kinds_[i], place->group, slot_of_rank);
    }
  }
  return cost;
}

double placement_cost(const Topology& topology, const Cluster& cluster, const Placement& placement,
                      const PlacementWeights& weights) {
  const std::vector<int> slots = placement.slots();
  if (topology.world_size() > placement.ranks()) {
    throw RangeError("the placement has " + std::to_string(placement.ranks()) + " ranks, the job has " +
                     std::to_string(topology.world_size()));
  }
  if (*std::max_element(slots.begin(), slots.end()) >= cluster.slots()) {
    throw RangeError("the placement needs more slots than the " + std::to_string(cluster.slots()) +
                     " of the cluster");
  }
  return PlacementCost(topology, cluster, weights).of(slots);
}

}  // namespace rankmesh
