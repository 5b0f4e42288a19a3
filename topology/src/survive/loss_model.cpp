#include "survive/loss_model.hpp"

#include <algorithm>
#include <limits>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh {
namespace {

/// Calls `visit(number, how often)` for each different number.
template <typename Visit>
void for_each_count(std::vector<int>& numbers, Visit visit) {
  std::sort(numbers.begin(), numbers.end());
  for (auto begin = numbers.begin(); begin != numbers.end();) {
    const auto end = std::upper_bound(begin, numbers.end(), *begin);
    visit(*begin, static_cast<int>(end - begin));
    begin = end;
  }
}

/// The groups of a family of which all ranks are lost.
std::vector<int> gone_groups(const GroupFamily& family, std::span<const int> lost) {
  std::vector<int> groups;
  for (const int rank : lost) groups.push_back(family.locate(rank)->group);
  std::vector<int> gone;
  for_each_count(groups, [&](int group, int count) {
    if (count == family.group_size()) gone.push_back(group);
  });
  return gone;
}

int gone_count(const GroupFamily& family, std::span<const int> lost) {
  return static_cast<int>(gone_groups(family, lost).size());
}

}  // namespace

void check_spares(const Topology& topology, int spares, Diagnostics& found) {
  const int most = std::numeric_limits<int>::max() - topology.world_size();
  if (spares < 0) found.add("spares", spares, "is below 0");
  if (spares > most) {
    found.add("spares", spares,
              "is above " + std::to_string(most) + ": with the ranks, more than 2147483647 processes");
  }
}

LossModel::LossModel(const Topology& topology, const SurvivorOptions& options)
    : replicas_(topology, options.data_axes),
      holders_(state_holders(topology, options.state)) {
  Diagnostics found;
  check_spares(topology, options.spares, found);
  if (!found.empty()) throw ConfigError(found.take());
}

int LossModel::replicas_left(int lost, int spares) const {
  const int processes = replicas_.world_size() - lost + spares;
  return replicas_.most_valid(std::min(processes / replicas_.size(), replicas_.count()));
}

LossCost LossModel::cost(std::span<const int> lost, int spares) const {
  LossCost cost{.lost = static_cast<int>(lost.size())};
  std::vector<int> of_ranks;
  for (const int rank : lost) of_ranks.push_back(replicas_.replica_of(rank));
  for_each_count(of_ranks, [&](int, int) { ++cost.lost_replicas; });
  cost.replicas_left = replicas_left(cost.lost, spares);
  // Survivors of dropped replicas take places before spares do.
  const int dropped = (replicas_.count() - cost.replicas_left) * replicas_.size();
  cost.idle = std::max(dropped - cost.lost, 0);
  cost.spares_used = cost.replicas_left == 0 ? 0 : std::max(cost.lost - dropped, 0);
  cost.gone_weights = gone_count(holders_.dense, lost);
  cost.gone_optimizer = gone_count(holders_.dense_optimizer, lost);
  if (holders_.expert) {
    cost.gone_weights += gone_count(*holders_.expert, lost);
    cost.gone_optimizer += gone_count(*holders_.expert_optimizer, lost);
  }
  return cost;
}

std::vector<GoneState> LossModel::gone(const GroupFamily& family, std::span<const int> lost) {
  std::vector<GoneState> result;
  for (const int group : gone_groups(family, lost)) {
    result.push_back({family.group(group).to_vector()});
    std::sort(result.back().ranks.begin(), result.back().ranks.end());
  }
  std::sort(result.begin(), result.end(),
            [](const GoneState& a, const GoneState& b) { return a.ranks < b.ranks; });
  return result;
}

}  // namespace rankmesh
