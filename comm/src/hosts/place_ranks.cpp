#include "rankmesh/comm/place_ranks.hpp"

#include <cstdint>
#include <exception>
#include <iomanip>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/host_exchange.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

std::string text_of(double number) {
  std::ostringstream text;
  text << std::setprecision(17) << number;
  return text.str();
}

PlanAgreement agreed_values(const PlaceAgreement& what) {
  PlanAgreement agreement;
  const auto weight = [](const KindWeight& kind) {
    return std::string(kind.kind.name()) + "=" + text_of(kind.weight);
  };
  const auto cost = [](const LevelCost& level) { return level.level + "=" + text_of(level.cost); };
  agreement.fields = {{.field = "weights", .value = joined(what.weights.kinds, ",", weight)},
                      {.field = "level_costs", .value = joined(what.weights.levels, ",", cost)}};
  agreement.fields.insert(agreement.fields.end(), what.fields.begin(), what.fields.end());
  return agreement;
}

/// The hosts of all ranks. All ranks are known to have begun.
/// @param is_last whether this is the last agreement of the session
HostsOfRanks exchange_hosts(AgreementSession& session, const HostIdentity& own, bool is_last) {
  Agreement agreement(session, {}, {.step = "hosts", .arrives_at_once = false, .is_last = is_last});
  HostExchange exchange(session.transport(), own);
  while (!agreement.step()) {
    if (exchange.step()) agreement.arrive();
    session.transport().idle();
  }
  agreement.verdict().raise();
  return exchange.hosts();
}

/// What the numbers are, as a text that all ranks have in common if they computed the same.
std::string digest(const std::vector<int>& numbers) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const int number : numbers) hash = (hash ^ static_cast<std::uint32_t>(number)) * 0x100000001b3;
  std::ostringstream text;
  text << std::hex << hash;
  return text.str();
}

}  // namespace

bool NewRanks::is_changed() const noexcept {
  for (std::size_t rank = 0; rank < rank_before.size(); ++rank) {
    if (rank_before[rank] != static_cast<int>(rank)) return true;
  }
  return false;
}

NewRanks place_ranks(const Topology& topology, const FoundHosts& hosts, const PlacementWeights& weights) {
  PlacementWeights all = weights;
  if (all.kinds.empty()) all.kinds = default_weights(topology);
  const BestPlacement best = best_placement(topology, hosts.cluster, all);
  NewRanks result{.cluster = hosts.cluster, .placement = Placement(hosts.slot_of_rank)};
  result.cost_before = placement_cost(topology, hosts.cluster, result.placement, all);
  result.cost_after = result.cost_before;
  result.rank_before.resize(hosts.slot_of_rank.size());
  std::iota(result.rank_before.begin(), result.rank_before.end(), 0);
  // Costs are sums of fractions, so equal ones may differ by rounding.
  constexpr double rounding = 1e-9;
  if (best.cost_after + rounding * (1 + best.cost_after) >= result.cost_before) return result;
  std::vector<int> rank_on_slot(hosts.slot_of_rank.size());
  for (std::size_t rank = 0; rank < rank_on_slot.size(); ++rank) {
    rank_on_slot[static_cast<std::size_t>(hosts.slot_of_rank[rank])] = static_cast<int>(rank);
  }
  for (std::size_t rank = 0; rank < rank_on_slot.size(); ++rank) {
    const int slot = best.placement.slot_of(static_cast<int>(rank));
    result.rank_before[rank] = rank_on_slot[static_cast<std::size_t>(slot)];
  }
  result.placement = best.placement;
  result.cost_after = best.cost_after;
  return result;
}

FoundHosts agree_on_hosts(AgreementSession& session, const HostIdentity& own,
                          const std::vector<AgreementField>& fields) {
  return find_hosts(run_or_abandon(session, [&] {
    Agreement agreement(session, fields, {});
    finish(agreement, session);
    return exchange_hosts(session, own, true);
  }));
}

NewRanks agree_on_placement(AgreementSession& session, const PlaceAgreement& what, const HostIdentity& own) {
  std::exception_ptr error;
  std::optional<NewRanks> placed = run_or_abandon(session, [&] {
    Agreement same(session, plan_fields(what.config, agreed_values(what), session.transport().size()), {});
    finish(same, session);
    const HostsOfRanks hosts = exchange_hosts(session, own, false);
    std::optional<NewRanks> computed;
    try {
      computed = place_ranks(Topology(what.config), find_hosts(hosts), what.weights);
    } catch (const Error&) {
      // Every rank has the same, and throws it once all are known to.
      error = std::current_exception();
    }
    const std::string result = computed ? digest(computed->rank_before) : "none";
    Agreement last(session, {{.field = "new_ranks", .value = result}}, {.step = "place", .is_last = true});
    finish(last, session);
    return computed;
  });
  if (!placed) std::rethrow_exception(error);
  return std::move(*placed);
}

}  // namespace rankmesh
