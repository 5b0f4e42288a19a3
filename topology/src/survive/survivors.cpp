#include "rankmesh/topology/survivors.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "rankmesh/topology/text.hpp"
#include "survive/loss_model.hpp"

namespace rankmesh {
namespace {

/// The lost ranks in ascending order, each once.
std::vector<int> checked_lost(const Topology& topology, std::span<const int> lost, int spares) {
  std::vector<int> ranks(lost.begin(), lost.end());
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  Diagnostics found;
  for (const int rank : ranks) {
    if (rank >= 0 && rank < topology.world_size()) continue;
    found.add("lost", rank,
              "is no rank of " + Phrase::field("world_size", topology.world_size()) +
                  ", whose ranks are 0 .. " + std::to_string(topology.world_size() - 1));
  }
  check_spares(topology, spares, found);
  if (!found.empty()) throw ConfigError(found.take());
  return ranks;
}

[[noreturn]] void refuse(const Replicas& replicas, int lost, int spares) {
  const int left = replicas.world_size() - lost + spares;
  std::string rule = "is too much: the processes that are left, " + std::to_string(left) +
                     ", make no replica of " + counted(replicas.size(), "rank");
  if (replicas.count() == 1) rule += ", since " + replicas.why_single();
  rule += "; take " + counted(lost, "spare") + ", or start a smaller layout from a checkpoint";
  throw ConfigError({{.field = "lost",
                      .value = counted(lost, "rank") + " of " + std::to_string(replicas.world_size()),
                      .rule = std::move(rule)}});
}

/// The replicas to drop: those that lost the most, the later of equals.
std::vector<int> replicas_to_drop(const Replicas& replicas, std::span<const int> lost, int count) {
  std::vector<int> losses(static_cast<std::size_t>(replicas.count()));
  for (const int rank : lost) ++losses[static_cast<std::size_t>(replicas.replica_of(rank))];
  std::vector<int> order(losses.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    const int of_a = losses[static_cast<std::size_t>(a)];
    const int of_b = losses[static_cast<std::size_t>(b)];
    return of_a != of_b ? of_a > of_b : a > b;
  });
  order.resize(static_cast<std::size_t>(count));
  std::sort(order.begin(), order.end());
  return order;
}

/// Puts processes into the places of lost ranks.
class Filling {
 public:
  Filling(const StateHolders& holders, std::vector<bool> is_lost)
      : holders_(holders),
        is_lost_(std::move(is_lost)) {}

  void add_place(int new_rank, int old_rank) { places_.push_back({new_rank, old_rank}); }
  void add_survivor(int rank) { survivors_.push_back(rank); }

  /// Fills all places, and notes who holds the state of those that a process without it takes.
  /// @return the survivors that are left
  std::vector<int> fill(Survival& survival, bool with_optimizer) {
    take([&](int rank) { return std::pair(dense_of(rank), expert_of(rank)); }, survival);
    take([&](int rank) { return std::pair(dense_of(rank), 0); }, survival);
    take([&](int rank) { return std::pair(expert_of(rank), 0); }, survival);
    take([](int) { return std::pair(0, 0); }, survival);
    const auto world = static_cast<int>(is_lost_.size());
    for (const Place& place : places_) {
      const auto spare = static_cast<int>(survival.spares_used.size());
      survival.spares_used.push_back(spare);
      survival.old_rank_of_rank[static_cast<std::size_t>(place.new_rank)] = world + spare;
      filled_.push_back(place);
    }
    std::sort(filled_.begin(), filled_.end(),
              [](const Place& a, const Place& b) { return a.new_rank < b.new_rank; });
    for (const Place& place : filled_) add_source(place, with_optimizer, survival);
    return survivors_;
  }

 private:
  struct Place {
    int new_rank;
    int old_rank;
  };

  [[nodiscard]] int dense_of(int rank) const { return holders_.dense.locate(rank)->group; }
  [[nodiscard]] int expert_of(int rank) const {
    return holders_.expert ? holders_.expert->locate(rank)->group : 0;
  }

  /// Gives each place, in order, the first survivor that is left with the same key.
  template <typename Key>
  void take(Key key, Survival& survival) {
    if (places_.empty() || survivors_.empty()) return;
    std::map<std::pair<int, int>, std::vector<std::size_t>> of_key;
    for (std::size_t i = survivors_.size(); i-- > 0;) of_key[key(survivors_[i])].push_back(i);
    std::vector<Place> open;
    for (const Place& place : places_) {
      const auto found = of_key.find(key(place.old_rank));
      if (found == of_key.end() || found->second.empty()) {
        open.push_back(place);
        continue;
      }
      int& survivor = survivors_[found->second.back()];
      found->second.pop_back();
      survival.old_rank_of_rank[static_cast<std::size_t>(place.new_rank)] = survivor;
      survivor = -1;
      filled_.push_back(place);
    }
    std::erase(survivors_, -1);
    places_ = std::move(open);
  }

  [[nodiscard]] std::vector<int> survivors_with(const GroupFamily& family, int rank) const {
    std::vector<int> result;
    for (const int member : family.group(family.locate(rank)->group)) {
      if (!is_lost_[static_cast<std::size_t>(member)]) result.push_back(member);
    }
    std::sort(result.begin(), result.end());
    return result;
  }

  void add_source(const Place& place, bool with_optimizer, Survival& survival) const {
    StateSource source{.rank = place.new_rank,
                       .old_rank = place.old_rank,
                       .process = survival.old_rank_of_rank[static_cast<std::size_t>(place.new_rank)]};
    const bool is_spare = source.process >= static_cast<int>(is_lost_.size());
    const auto holds = [&](const GroupFamily& family) {
      return !is_spare && family.locate(source.process)->group == family.locate(place.old_rank)->group;
    };
    bool holds_all = holds(holders_.dense) && (!holders_.expert || holds(*holders_.expert));
    if (with_optimizer) {
      holds_all = holds_all && holds(holders_.dense_optimizer) &&
                  (!holders_.expert || holds(*holders_.expert_optimizer));
    }
    if (holds_all) return;
    source.dense = survivors_with(holders_.dense, place.old_rank);
    if (holders_.expert) source.expert = survivors_with(*holders_.expert, place.old_rank);
    if (with_optimizer) {
      source.dense_optimizer = survivors_with(holders_.dense_optimizer, place.old_rank);
      if (holders_.expert) {
        source.expert_optimizer = survivors_with(*holders_.expert_optimizer, place.old_rank);
      }
    }
    survival.sources.push_back(std::move(source));
  }

  const StateHolders& holders_;
  std::vector<bool> is_lost_;
  /// Places without a process, ascending.
  std::vector<Place> places_;
  std::vector<Place> filled_;
  /// Survivors of dropped replicas without a place, ascending.
  std::vector<int> survivors_;
};

}  // namespace

Survival survivors(const Topology& topology, std::span<const int> lost, const SurvivorOptions& options) {
  std::vector<int> ranks = checked_lost(topology, lost, options.spares);
  const LossModel model(topology, options);
  const Replicas& replicas = model.replicas();
  Survival survival{.lost = std::move(ranks), .replicas = replicas.count(), .replica_size = replicas.size()};
  const auto lost_count = static_cast<int>(survival.lost.size());
  const int left = model.replicas_left(lost_count, options.spares);
  if (left == 0) refuse(replicas, lost_count, options.spares);
  for (const int rank : survival.lost) survival.lost_replicas.push_back(replicas.replica_of(rank));
  std::sort(survival.lost_replicas.begin(), survival.lost_replicas.end());
  survival.lost_replicas.erase(std::unique(survival.lost_replicas.begin(), survival.lost_replicas.end()),
                               survival.lost_replicas.end());
  survival.dropped_replicas = replicas_to_drop(replicas, survival.lost, replicas.count() - left);
  survival.config = replicas.config_of(left).value();

  const int world = replicas.world_size();
  std::vector<bool> is_lost(static_cast<std::size_t>(world));
  for (const int rank : survival.lost) is_lost[static_cast<std::size_t>(rank)] = true;
  std::vector<bool> is_dropped(static_cast<std::size_t>(replicas.count()));
  for (const int replica : survival.dropped_replicas) is_dropped[static_cast<std::size_t>(replica)] = true;
  Filling filling(model.holders(), is_lost);
  for (int rank = 0; rank < world; ++rank) {
    const bool is_gone = is_lost[static_cast<std::size_t>(rank)];
    if (is_dropped[static_cast<std::size_t>(replicas.replica_of(rank))]) {
      if (!is_gone) filling.add_survivor(rank);
      continue;
    }
    if (is_gone) filling.add_place(static_cast<int>(survival.old_rank_of_rank.size()), rank);
    survival.old_rank_of_rank.push_back(is_gone ? -1 : rank);
  }
  const StateHolders& holders = model.holders();
  survival.optimizer_is_redivided = holders.distributed_optimizer && left < replicas.count();
  survival.idle = filling.fill(survival, !survival.optimizer_is_redivided);
  survival.gone_dense = LossModel::gone(holders.dense, survival.lost);
  survival.gone_dense_optimizer = LossModel::gone(holders.dense_optimizer, survival.lost);
  if (holders.expert) {
    survival.gone_expert = LossModel::gone(*holders.expert, survival.lost);
    survival.gone_expert_optimizer = LossModel::gone(*holders.expert_optimizer, survival.lost);
  }
  return survival;
}

}  // namespace rankmesh
