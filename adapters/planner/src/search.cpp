#include "rankmesh/planner/search.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <tuple>

#include "estimate_parts.hpp"
#include "group_span.hpp"
#include "rules.hpp"

namespace rankmesh::planner {
namespace {

using Sizes = std::vector<std::int64_t>;

constexpr std::int64_t most_micro_batch = 16;

/// The divisors of a number up to a limit, ascending.
Sizes divisors(std::int64_t number, std::int64_t most) {
  Sizes result;
  for (std::int64_t i = 1; i * i <= number; ++i) {
    if (number % i != 0) continue;
    result.push_back(i);
    if (i != number / i) result.push_back(number / i);
  }
  std::sort(result.begin(), result.end());
  std::erase_if(result, [&](std::int64_t size) { return size > most; });
  return result;
}

/// The divisors of a number within bounds.
Sizes divisors(std::int64_t number, const SizeBounds& bounds, std::int64_t most) {
  Sizes result = divisors(number, bounds.most.value_or(most));
  std::erase_if(result, [&](std::int64_t size) { return size < bounds.least; });
  return result;
}

class Search {
 public:
  Search(const Work& work, const Machine& machine, const SearchSpace& space, const Constants& constants,
         const std::function<void(const PlannedLayout&)>& visit)
      : work_(work),
        model_(work.model()),
        machine_(machine),
        space_(space),
        constants_(constants),
        visit_(visit),
        training_(space.training) {}

  std::int64_t run() {
    for (const std::int64_t tp : divisors(machine_.gpus, space_.tp, machine_.domain)) {
      if (!holds([&](Verdict& verdict) { check_tensor(model_, tp, verdict); })) continue;
      layout_.tp = tp;
      for (const std::int64_t cp : divisors(machine_.gpus / tp, space_.cp, machine_.gpus)) {
        if (!holds([&](Verdict& verdict) { check_context(training_, cp, verdict); })) continue;
        layout_.cp = cp;
        for (const std::int64_t pp : divisors(machine_.gpus / tp / cp, space_.pp, model_.layers))
          search_stages(pp);
      }
    }
    return considered_;
  }

 private:
  void search_stages(std::int64_t pp) {
    layout_.pp = pp;
    layout_.dp = machine_.gpus / (layout_.tp * layout_.cp * pp);
    if (training_.global_batch % layout_.dp != 0) return;
    const std::int64_t ranks = layout_.tp * layout_.cp * layout_.dp;
    for (const std::int64_t ep : divisors(std::max<std::int64_t>(1, model_.experts), space_.ep, ranks)) {
      layout_.ep = ep;
      const Sizes tensor_sizes =
          model_.experts == 0 || layout_.tp == 1 ? Sizes{layout_.tp} : Sizes{1, layout_.tp};
      for (const std::int64_t etp :
           space_.etp == SizeBounds{} ? tensor_sizes : divisors(ranks, space_.etp, ranks)) {
        layout_.etp = etp;
        if (layout_.expert_dp() == 0) continue;
        if (!holds([&](Verdict& verdict) { check_experts(model_, layout_, verdict); })) continue;
        orders_ = useful_orders(machine_, layout_, space_.orders.empty() ? all_orders() : space_.orders,
                                constants_);
        if (!orders_.empty()) search_interleaving();
      }
    }
  }

  void search_interleaving() {
    const std::int64_t of_replica = training_.global_batch / layout_.dp;
    const Sizes batches = divisors(of_replica, space_.micro_batch, most_micro_batch);
    const std::int64_t most_parts = model_.layers / layout_.pp;
    for (const std::int64_t vpp : divisors(most_parts, space_.vpp, most_parts)) {
      layout_.vpp = vpp;
      if (!holds([&](Verdict& verdict) { check_stages(model_, layout_, verdict); })) continue;
      for (const std::int64_t micro_batch : batches) {
        training_.micro_batch = micro_batch;
        if (!holds([&](Verdict& verdict) { check_batch(training_, layout_, verdict); })) continue;
        if (!search_recompute()) break;
      }
    }
  }

  /// Returns whether the layout fits with the most recomputation: if not, larger micro batches do not either.
  bool search_recompute() {
    const bool has_scores =
        training_.attention == Attention::scores || training_.attention == Attention::plain;
    for (const Recompute recompute : {Recompute::none, Recompute::selective, Recompute::full}) {
      if (space_.recompute ? recompute != *space_.recompute
                           : recompute == Recompute::selective && !has_scores)
        continue;
      training_.recompute = recompute;
      ++considered_;
      if (!fits(0) || !fits(layout_.pp - 1)) continue;
      layout_.order = orders_.front();
      PlannedLayout planned{.layout = layout_,
                            .micro_batch = training_.micro_batch,
                            .recompute = recompute,
                            .estimate = estimate(work_, machine_, training_, layout_, constants_)};
      if (planned.estimate.fits == Fit::no) continue;
      choose_order(planned);
      visit_(planned);
      return true;
    }
    return false;
  }

  /// Takes the order under which a step takes least. Memory is the same in all.
  void choose_order(PlannedLayout& planned) {
    // What rounding makes faster is no faster.
    constexpr double gain = 1e-9;
    for (auto order = orders_.begin() + 1; order != orders_.end(); ++order) {
      layout_.order = *order;
      const StepTime time = step_time(work_, machine_, training_, layout_, constants_);
      if (time.total() >= planned.estimate.step_s * (1 - gain)) continue;
      planned.layout = layout_;
      planned.estimate.time = time;
      planned.estimate.step_s = time.total();
    }
  }

  template <typename Rule>
  static bool holds(Rule rule) {
    Verdict verdict;
    rule(verdict);
    return verdict.holds();
  }

  [[nodiscard]] bool fits(std::int64_t stage) const {
    return memory_of_stage(work_, training_, layout_, constants_, stage).total() <=
           machine_.gpu.memory_gib * gib;
  }

  const Work& work_;
  const ModelConfig& model_;
  const Machine& machine_;
  const SearchSpace& space_;
  const Constants& constants_;
  const std::function<void(const PlannedLayout&)>& visit_;
  Training training_;
  Layout layout_{};
  /// Those to choose from for the sizes of the layout.
  std::vector<Order> orders_{};
  std::int64_t considered_ = 0;
};

/// Whether no group takes longer when more of its members are in a domain. An all-to-all over fast links
/// grows with these members; where links have twice the bandwidth of the network, its part on the network,
/// to at least half of the members, takes longer before. Latencies must not fall from level to level.
bool nearer_is_faster(const Machine& machine, const Constants& c) {
  const double link_delay = machine.link_latency_s.value_or(c.link_latency_s) - c.link_latency_s;
  const double network_delay = machine.network_latency_s.value_or(c.network_latency_s) - c.network_latency_s;
  double slowest_link = machine.gpu.link_gb_s;
  double last_delay = link_delay;
  bool has_ascending = true;
  const auto pass = [&](double delay) {
    has_ascending &= last_delay <= delay;
    last_delay = delay;
  };
  for (const LevelLinks& level : machine.levels) {
    if (level.domain >= machine.domain) continue;
    slowest_link = std::min(slowest_link, level.gb_s);
    pass(level.latency_s ? *level.latency_s - c.link_latency_s : link_delay);
  }
  pass(network_delay);
  for (const LevelLinks& level : machine.levels) {
    if (level.domain >= machine.domain)
      pass(level.latency_s ? *level.latency_s - c.network_latency_s : network_delay);
  }
  return slowest_link * c.link >= 2 * machine.gpu.network_gb_s * c.network && has_ascending;
}

bool is_better(const PlannedLayout& a, const PlannedLayout& b) {
  const auto order = [](const PlannedLayout& p) {
    const Layout& l = p.layout;
    return std::make_tuple(p.estimate.step_s, p.estimate.memory.total(), l.tp, l.cp, l.pp, l.ep, l.etp, l.vpp,
                           p.micro_batch, p.recompute);
  };
  return order(a) < order(b);
}

}  // namespace

std::vector<Order> useful_orders(const Machine& machine, const Layout& layout, std::span<const Order> orders,
                                 const Constants& constants) {
  struct Candidate {
    Order order;
    LayoutSpans spans;
    std::array<std::int64_t, 7> nearness;
  };
  const auto is_alike = [&](const Candidate& a, const Candidate& b) {
    return a.nearness == b.nearness &&
           std::all_of(machine.levels.begin(), machine.levels.end(), [&](const LevelLinks& level) {
             return a.spans.nearness(level.domain) == b.spans.nearness(level.domain);
           });
  };
  const auto is_no_nearer = [&](const Candidate& a, const Candidate& b) {
    const auto are_no_more = [](const auto& some, const auto& others) {
      return std::equal(some.begin(), some.end(), others.begin(), std::less_equal<>());
    };
    return are_no_more(a.nearness, b.nearness) &&
           std::all_of(machine.levels.begin(), machine.levels.end(), [&](const LevelLinks& level) {
             return are_no_more(a.spans.nearness(level.domain), b.spans.nearness(level.domain));
           });
  };
  std::vector<Candidate> found;
  Layout ordered = layout;
  for (const Order& order : orders) {
    ordered.order = order;
    Verdict verdict;
    check_order(ordered, verdict);
    if (!verdict.holds()) continue;
    const LayoutSpans spans(ordered, machine.domain);
    const Candidate candidate{order, spans, spans.nearness(machine.domain)};
    if (std::none_of(found.begin(), found.end(),
                     [&](const Candidate& other) { return is_alike(other, candidate); }))
      found.push_back(candidate);
  }
  const bool prunes = nearer_is_faster(machine, constants);
  std::vector<Order> result;
  for (const Candidate& candidate : found) {
    const auto is_nearer = [&](const Candidate& other) {
      return !is_alike(other, candidate) && is_no_nearer(candidate, other);
    };
    // The first one stays, since it is taken where another one is no faster.
    if (result.empty() || !prunes || std::none_of(found.begin(), found.end(), is_nearer))
      result.push_back(candidate.order);
  }
  return result;
}

std::int64_t for_each_layout(const Work& work, const Machine& machine, const SearchSpace& space,
                             const Constants& constants,
                             const std::function<void(const PlannedLayout&)>& visit) {
  return Search(work, machine, space, constants, visit).run();
}

Plan search(const Work& work, const Machine& machine, const SearchSpace& space, std::size_t most_layouts,
            const Constants& constants) {
  Plan plan;
  plan.considered = for_each_layout(work, machine, space, constants, [&](const PlannedLayout& planned) {
    ++plan.valid;
    const auto place = std::upper_bound(plan.layouts.begin(), plan.layouts.end(), planned, is_better);
    if (static_cast<std::size_t>(place - plan.layouts.begin()) >= most_layouts) return;
    plan.layouts.insert(place, planned);
    if (plan.layouts.size() > most_layouts) plan.layouts.pop_back();
  });
  return plan;
}

}  // namespace rankmesh::planner
