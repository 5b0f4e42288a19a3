#include "cluster/crossing_remedy.hpp"

#include <algorithm>

#include "conventions/megatron_core_mesh.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// The number of ranks that two groups share.
int shared_ranks(const RankList& a, const GroupFamily& family, int group) {
  int shared = 0;
  a.for_each([&](int rank) {
    const auto place = family.locate(rank);
    if (place && place->group == group) ++shared;
  });
  return shared;
}

/// The largest job whose placement is searched for, which takes less than a second.
constexpr int most_placed_ranks = 1 << 16;

}  // namespace

DomainSizes domain_sizes_of(const Cluster& cluster, std::size_t level) {
  if (const auto size = cluster.domain_size(level)) return {*size, *size};
  const std::vector<int> sizes = cluster.domain_sizes(level);
  const auto [smallest, largest] = std::minmax_element(sizes.begin(), sizes.end());
  return {*smallest, *largest};
}

RemedySearch::RemedySearch(const Topology& topology, const Cluster& cluster, const Placement& placement,
                           std::span<const JudgedKind> kinds)
    : topology_(topology),
      cluster_(cluster),
      placement_(placement),
      kinds_(kinds) {}

std::optional<CrossingRemedy> RemedySearch::run() {
  using Sort = CrossingRemedy::Sort;
  if (kinds_.back().needed > 1) return smaller_tensor();
  if (!is_possible()) return smaller_tensor();
  const Placement identity = Placement::identity(topology_.world_size());
  identity_helps_ = !placement_.is_identity() && helps(topology_, identity);
  if (identity_helps_) return CrossingRemedy{.sort = Sort::identity};
  if (auto order = other_order()) return order;
  if (auto placed = other_placement()) return placed;
  return smaller_tensor();
}

bool RemedySearch::helps(const Topology& topology, const Placement& placement) const {
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    const GroupFamily* family = topology.find(kinds_[i].kind->kind);
    if (family == nullptr) return false;
    const bool is_last = i + 1 == kinds_.size();
    const int most = level_span(*family, cluster_, placement, kinds_[i].level).most;
    if (most > (is_last ? kinds_[i].needed : kinds_[i].allowed)) return false;
  }
  return true;
}

bool RemedySearch::is_possible() const {
  const JudgedKind& last = kinds_.back();
  const GroupFamily& family = last.kind->family;
  const int largest = domain_sizes_of(cluster_, last.level).largest;
  const RankList ranks = family.group(0);
  for (std::size_t i = 0; i + 1 < kinds_.size(); ++i) {
    const GroupFamily& other = kinds_[i].kind->family;
    const auto place = other.locate(ranks.front());
    if (!place || kinds_[i].level < last.level || kinds_[i].allowed > 1) continue;
    const std::int64_t both =
        std::int64_t{family.group_size()} * other.group_size() / shared_ranks(ranks, other, place->group);
    if (both > largest) return false;
  }
  return true;
}

std::optional<CrossingRemedy> RemedySearch::other_order() const {
  if (topology_.config().convention != Convention::megatron_core) return std::nullopt;
  const auto works = [&](const std::vector<std::string>& order) -> std::optional<CrossingRemedy> {
    ParallelConfig changed = topology_.config();
    changed.order = joined(order, "-");
    try {
      if (helps(Topology(changed), placement_))
        return CrossingRemedy{.sort = CrossingRemedy::Sort::order, .order = changed.order};
    } catch (const Error&) {
      // Not every order is valid.
    }
    return std::nullopt;
  };
  const std::vector<std::string> given = megatron_core::axes_of(topology_.config().order);
  // An axis that is moved to the left changes least.
  for (std::size_t to = 0; to < given.size(); ++to) {
    for (std::size_t from = to + 1; from < given.size(); ++from) {
      std::vector<std::string> order = given;
      std::rotate(order.begin() + static_cast<std::ptrdiff_t>(to),
                  order.begin() + static_cast<std::ptrdiff_t>(from),
                  order.begin() + static_cast<std::ptrdiff_t>(from) + 1);
      if (auto found = works(order)) return found;
    }
  }
  // All 120 orders, where each is judged by formulas or the job is small.
  constexpr int small_world = 65536;
  if (!cluster_.is_uniform() && topology_.world_size() > small_world) return std::nullopt;
  std::vector<std::string> order = given;
  std::sort(order.begin(), order.end());
  do {
    if (auto found = works(order)) return found;
  } while (std::next_permutation(order.begin(), order.end()));
  return std::nullopt;
}

std::optional<CrossingRemedy> RemedySearch::other_placement() const {
  if (topology_.world_size() > std::min(cluster_.slots(), most_placed_ranks)) return std::nullopt;
  const auto works = [&](std::vector<KindWeight> weights) -> std::optional<CrossingRemedy> {
    const bool is_usual = weights.empty();
    const PlacementWeights all{.kinds = is_usual ? default_weights(topology_) : weights};
    if (!helps(topology_, best_placement(topology_, cluster_, all).placement)) return std::nullopt;
    return CrossingRemedy{.sort = CrossingRemedy::Sort::best_placement, .weights = std::move(weights)};
  };
  if (auto usual = works({})) return usual;
  // Each kind counts for more than all crossings of those after it.
  std::vector<KindWeight> steep;
  double weight = 1;
  for (std::size_t i = kinds_.size(); i-- > 0; weight *= 100)
    steep.insert(steep.begin(), {kinds_[i].kind->kind, weight});
  return works(std::move(steep));
}

std::optional<CrossingRemedy> RemedySearch::smaller_tensor() const {
  const ParallelConfig& given = topology_.config();
  const JudgedKind& last = kinds_.back();
  if (last.kind->kind != GroupKind::tensor || given.convention == Convention::mesh) return std::nullopt;
  const int room = domain_sizes_of(cluster_, last.level).smallest;
  ParallelConfig changed = given;
  for (changed.tensor = std::min<std::int64_t>(given.tensor - 1, room); changed.tensor > 1;
       --changed.tensor) {
    if (room % changed.tensor != 0 || !check(changed).empty()) continue;
    const Topology topology(changed);
    if (level_span(topology.family(GroupKind::tensor), cluster_, placement_, last.level).most > 1) continue;
    return CrossingRemedy{.sort = CrossingRemedy::Sort::tensor_size, .tensor = changed.tensor};
  }
  return std::nullopt;
}

}  // namespace rankmesh
