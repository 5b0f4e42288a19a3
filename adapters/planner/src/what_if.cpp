#include "rankmesh/planner/what_if.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "estimate_parts.hpp"

namespace rankmesh::planner {
namespace {

/// What is changed beside the layout.
struct Job {
  Machine machine{};
  Training training{};
};

class Changes {
 public:
  Changes(const Work& work, const Machine& machine, const SearchSpace& space, const PlannedLayout& planned,
          const Constants& constants)
      : work_(work),
        constants_(constants),
        orders_(space.orders.empty() ? all_orders() : space.orders),
        best_(planned),
        job_{machine, space.training} {
    job_.training.micro_batch = planned.micro_batch;
    job_.training.recompute = planned.recompute;
  }

  std::vector<WhatIf> take() {
    add_machine_and_recompute();
    add_order();
    add_sizes();
    Job changed = job_;
    changed.training.micro_batch = best_.micro_batch * 2;
    add("micro batch x 2", changed);
    changed.training.micro_batch = best_.micro_batch / 2;
    if (best_.micro_batch % 2 == 0) add("micro batch / 2", changed);
    return std::move(found_);
  }

 private:
  void add(const std::string& change, const Job& job) { add(change, job, best_.layout); }

  void add(const std::string& change, const Job& job, const Layout& layout) {
    found_.push_back(with_orders(change, job, layout, orders_));
  }

  /// The change with the fastest of some orders.
  [[nodiscard]] WhatIf with_orders(const std::string& change, const Job& job, Layout layout,
                                   std::span<const Order> orders) const {
    WhatIf result{.change = change};
    for (const Order& order : orders) {
      layout.order = order;
      std::vector<Diagnostic> problems = check(work_.model(), job.machine, job.training, layout);
      if (!problems.empty()) {
        // Sizes that are impossible with the first order are so with each, but for an order's own rules.
        if (&order == &orders.front()) result.reasons = std::move(problems);
        continue;
      }
      const Estimate found = estimate(work_, job.machine, job.training, layout, constants_);
      if (!result.planned || found.step_s < result.planned->estimate.step_s)
        result.planned = PlannedLayout{.layout = layout,
                                       .micro_batch = job.training.micro_batch,
                                       .recompute = job.training.recompute,
                                       .estimate = found};
    }
    if (result.planned) result.reasons.clear();
    return result;
  }

  /// The usual order, or if the layout has it, the other one that Megatron-LM has a flag for.
  void add_order() {
    const Order usual;
    const Order other = best_.layout.order == usual ? *parse_order("tp-cp-ep-pp-dp") : usual;
    WhatIf found = with_orders("order " + to_string(other), job_, best_.layout, std::span(&other, 1));
    if (found.planned && std::abs(found.planned->estimate.step_s / best_.estimate.step_s - 1) > 1e-9)
      found_.push_back(std::move(found));
  }

  void add_machine_and_recompute() {
    Job slower = job_;
    slower.machine.gpu.network_gb_s /= 2;
    for (LevelLinks& level : slower.machine.levels) {
      if (level.domain >= slower.machine.domain) level.gb_s /= 2;
    }
    add("network x 0.5", slower);
    const bool has_scores =
        job_.training.attention == Attention::scores || job_.training.attention == Attention::plain;
    Job more = job_;
    if (best_.recompute == Recompute::none && has_scores) {
      more.training.recompute = Recompute::selective;
      add("attention computed again", more);
    } else if (best_.recompute != Recompute::full) {
      more.training.recompute = Recompute::full;
      add("every layer computed again", more);
    }
  }

  /// A factor of two in each size. The layers of a part of a stage stay as many where that can be.
  void add_sizes() {
    const auto twice = [](Layout& l, std::int64_t Layout::*size) { l.*size *= 2; };
    const auto half = [](Layout& l, std::int64_t Layout::*size) {
      // Zero marks a size that has no half.
      l.*size = l.*size % 2 == 0 ? l.*size / 2 : 0;
    };
    const auto change = [&](const std::string& name, auto make) {
      Layout layout = best_.layout;
      make(layout);
      if (std::min({layout.tp, layout.cp, layout.pp, layout.vpp, layout.ep, layout.etp, layout.dp}) > 0)
        add(name, job_, layout);
    };
    change("tp x 2, dp / 2", [&](Layout& l) {
      if (l.etp == l.tp) twice(l, &Layout::etp);
      twice(l, &Layout::tp);
      half(l, &Layout::dp);
    });
    change("tp / 2, dp x 2", [&](Layout& l) {
      if (l.etp == l.tp) half(l, &Layout::etp);
      half(l, &Layout::tp);
      twice(l, &Layout::dp);
    });
    change("cp x 2, dp / 2", [&](Layout& l) { twice(l, &Layout::cp), half(l, &Layout::dp); });
    change("cp / 2, dp x 2", [&](Layout& l) { half(l, &Layout::cp), twice(l, &Layout::dp); });
    change("pp x 2, dp / 2", [&](Layout& l) {
      if (l.vpp % 2 == 0) half(l, &Layout::vpp);
      twice(l, &Layout::pp);
      half(l, &Layout::dp);
    });
    change("pp / 2, dp x 2", [&](Layout& l) {
      if (l.vpp > 1) twice(l, &Layout::vpp);
      half(l, &Layout::pp);
      twice(l, &Layout::dp);
      if (l.pp == 1) l.vpp = 1;
    });
    if (best_.layout.pp > 1) {
      change("vpp x 2", [&](Layout& l) { twice(l, &Layout::vpp); });
      change("vpp / 2", [&](Layout& l) { half(l, &Layout::vpp); });
    }
    if (work_.model().experts == 0) return;
    change("ep x 2", [&](Layout& l) { twice(l, &Layout::ep); });
    change("ep / 2", [&](Layout& l) { half(l, &Layout::ep); });
    change("etp x 2", [&](Layout& l) { twice(l, &Layout::etp); });
    change("etp / 2", [&](Layout& l) { half(l, &Layout::etp); });
  }

  const Work& work_;
  const Constants& constants_;
  std::span<const Order> orders_;
  const PlannedLayout& best_;
  Job job_;
  std::vector<WhatIf> found_{};
};

}  // namespace

std::vector<WhatIf> what_ifs(const Work& work, const Machine& machine, const SearchSpace& space,
                             const PlannedLayout& planned, const Constants& constants) {
  return Changes(work, machine, space, planned, constants).take();
}

WhatIf without_memory_limit(const Work& work, const Machine& machine, const SearchSpace& space,
                            const Constants& constants) {
  Machine roomy = machine;
  roomy.gpu.memory_gib = std::numeric_limits<double>::infinity();
  WhatIf result{.change = "memory without limit"};
  for (PlannedLayout& planned : search(work, roomy, space, 1, constants).layouts) {
    planned.estimate.fits = fit_of(planned.estimate.memory, machine);
    result.planned = planned;
  }
  return result;
}

}  // namespace rankmesh::planner
