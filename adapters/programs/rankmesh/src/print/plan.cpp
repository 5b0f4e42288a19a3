#include "print/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "print/estimate.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

using Align = Table::Align;
using planner::StepTime;

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

PlannedJob job_of(const PlannedJob& job, const planner::PlannedLayout& planned) {
  PlannedJob result = job;
  result.training.micro_batch = planned.micro_batch;
  result.training.recompute = planned.recompute;
  return result;
}

std::string number(std::int64_t value) {
  return std::to_string(value);
}

std::string share(double seconds, double step) {
  return seconds > 0 ? fmt::format("{:.1f}", 100 * seconds / step) : "";
}

/// The orders of a plan's layouts that are not the usual one, each once. Their letters stand in the table.
std::vector<planner::Order> orders_of(const planner::Plan& plan) {
  std::vector<planner::Order> orders;
  for (const planner::PlannedLayout& planned : plan.layouts) {
    const planner::Order& order = planned.layout.order;
    if (!(order == planner::Order{}) && std::find(orders.begin(), orders.end(), order) == orders.end())
      orders.push_back(order);
  }
  return orders;
}

std::string letter_of(const planner::Order& order, const std::vector<planner::Order>& orders) {
  const auto found = std::find(orders.begin(), orders.end(), order);
  if (found == orders.end()) return "";
  const auto place = found - orders.begin();
  // As columns of a spreadsheet: there are at most 119.
  const std::string last(1, static_cast<char>('a' + place % 26));
  return place < 26 ? last : std::string(1, static_cast<char>('a' + place / 26 - 1)) + last;
}

void print_layouts(const PlannedJob& job, const planner::Plan& plan, Writer& out, Style style) {
  Table table({{"", Align::right},
               {"s", Align::right},
               {"TFLOP/s", Align::right},
               {"GiB", Align::right},
               {"tp", Align::right},
               {"cp", Align::right},
               {"pp", Align::right},
               {"vpp", Align::right},
               {"ep", Align::right},
               {"etp", Align::right},
               {"dp", Align::right},
               {"micro", Align::right},
               {"recompute"},
               {"order"},
               {"messages %", Align::right},
               {"bubble %", Align::right},
               {"data %", Align::right}});
  const std::vector<planner::Order> orders = orders_of(plan);
  const bool has_experts = job.model.experts > 0;
  std::int64_t place = 0;
  for (const planner::PlannedLayout& planned : plan.layouts) {
    const planner::Layout& l = planned.layout;
    const StepTime& t = planned.estimate.time;
    const double step = planned.estimate.step_s;
    table.add({{number(++place)},
               {fmt::format("{:.4g}", step)},
               {fmt::format("{:.0f}", planned.estimate.tflops_per_gpu(job.machine))},
               {fmt::format("{:.1f}", planned.estimate.memory.total() / gib)},
               {number(l.tp)},
               {number(l.cp)},
               {number(l.pp)},
               {l.vpp > 1 ? number(l.vpp) : ""},
               {has_experts ? number(l.ep) : ""},
               {has_experts ? number(l.etp) : ""},
               {number(l.dp)},
               {number(planned.micro_batch)},
               {planned.recompute == planner::Recompute::none ? "" : std::string(name_of(planned.recompute))},
               {letter_of(l.order, orders)},
               {share(t.tensor + t.context + t.expert + t.pipeline, step)},
               {share(t.bubble, step)},
               {share(t.data, step)}});
  }
  table.print(out, style);
  for (const planner::Order& order : orders)
    out.put(fmt::format("order {}: {}\n", letter_of(order, orders), to_string(order)));
}

/// What the second layout does better than the first.
std::string better_of(const planner::PlannedLayout& first, const planner::PlannedLayout& second) {
  std::string text;
  double most = 0;
  for (const StepPart& part : step_parts()) {
    const double gain = first.estimate.time.*part.seconds - second.estimate.time.*part.seconds;
    if (gain <= most) continue;
    most = gain;
    text = fmt::format("{} for {:.3g} s less", part.verb, gain);
  }
  const double memory = (first.estimate.memory.total() - second.estimate.memory.total()) / gib;
  if (memory > 0.5) text += fmt::format("{}needs {:.1f} GiB less", text.empty() ? "" : " and ", memory);
  return text.empty() ? "does nothing better" : text;
}

/// What keeps the best layout from being faster: the part of its step that takes most, and memory, if a
/// layout that does not fit is faster.
std::string binding_of(const PlannedJob& job, const planner::Work& work, const planner::SearchSpace& space,
                       const planner::PlannedLayout& best) {
  const StepPart& most =
      *std::max_element(step_parts().begin(), step_parts().end(), [&](const StepPart& a, const StepPart& b) {
        return best.estimate.time.*a.seconds < best.estimate.time.*b.seconds;
      });
  std::string text = fmt::format("Most of the step is spent on: {}, {:.1f} %.", most.name,
                                 100 * best.estimate.time.*most.seconds / best.estimate.step_s);
  planner::Machine roomy = job.machine;
  roomy.gpu.memory_gib = std::numeric_limits<double>::infinity();
  const planner::Plan unbound = planner::search(work, roomy, space, 1, job.constants);
  const planner::PlannedLayout& fastest = unbound.layouts.front();
  if (fastest.estimate.memory.total() <= job.machine.gpu.memory_gib * gib)
    return text + " Memory does not bind: the fastest of all layouts fits.";
  return text + fmt::format(
                    " Memory binds: without its limit, {}, micro batch {}, would take {:.4g} s ({:+.1f} %) "
                    "with {:.1f} GiB.",
                    layout_text(fastest.layout), fastest.micro_batch, fastest.estimate.step_s,
                    100 * (fastest.estimate.step_s / best.estimate.step_s - 1),
                    fastest.estimate.memory.total() / gib);
}

/// The table of changes of the best layout.
class Changes {
 public:
  Changes(const PlannedJob& job, const planner::Work& work, const planner::SearchSpace& space,
          const planner::PlannedLayout& best)
      : job_(job),
        work_(work),
        orders_(space.orders.empty() ? planner::all_orders() : space.orders),
        best_(best) {}

  void print(Writer& out, Style style) {
    add_machine_and_recompute();
    add_order();
    add_sizes();
    for (const bool twice : {true, false}) {
      PlannedJob changed = job_;
      changed.training.micro_batch = twice ? best_.micro_batch * 2 : best_.micro_batch / 2;
      if (changed.training.micro_batch > 0) add(twice ? "micro batch x 2" : "micro batch / 2", changed);
    }
    table_.print(out, style);
  }

 private:
  void add(const std::string& name, const PlannedJob& job) { add(name, job, best_.layout); }

  void add(const std::string& name, const PlannedJob& job, const planner::Layout& layout) {
    const std::optional<planner::Estimate> fastest = estimate_of(job, layout, orders_);
    if (!fastest) {
      table_.add({{name}, {"the sizes do not divide"}, {}, {}});
    } else {
      add_line(name, *fastest);
    }
  }

  void add_line(const std::string& name, const planner::Estimate& changed) {
    table_.add(
        {{name},
         {fmt::format("{:.4g} s", changed.step_s)},
         {fmt::format("{:+.1f} %", 100 * (changed.step_s / best_.estimate.step_s - 1))},
         {changed.fits == planner::Fit::no ? "does not fit"
                                           : fmt::format("{:.1f} GiB", changed.memory.total() / gib)}});
  }

  /// The estimate with the fastest of some orders; nothing if the layout is impossible.
  [[nodiscard]] std::optional<planner::Estimate> estimate_of(const PlannedJob& job, planner::Layout layout,
                                                             std::span<const planner::Order> orders) const {
    std::optional<planner::Estimate> fastest;
    for (const planner::Order& order : orders) {
      layout.order = order;
      if (!planner::check(job.model, job.machine, job.training, layout).empty()) continue;
      const planner::Estimate found =
          planner::estimate(work_, job.machine, job.training, layout, job.constants);
      if (!fastest || found.step_s < fastest->step_s) fastest = found;
    }
    return fastest;
  }

  /// The usual order, or if the layout has it, the other one that Megatron-LM has a flag for.
  void add_order() {
    const planner::Order usual;
    const planner::Order other =
        best_.layout.order == usual ? *planner::parse_order("tp-cp-ep-pp-dp") : usual;
    const auto found = estimate_of(job_, best_.layout, std::span(&other, 1));
    if (found && std::abs(found->step_s / best_.estimate.step_s - 1) > 1e-9)
      add_line("order " + to_string(other), *found);
  }

  void add_machine_and_recompute() {
    PlannedJob slower = job_;
    slower.machine.gpu.network_gb_s /= 2;
    add("network x 0.5", slower);
    const bool has_scores = job_.training.attention == planner::Attention::scores ||
                            job_.training.attention == planner::Attention::plain;
    PlannedJob more = job_;
    if (best_.recompute == planner::Recompute::none && has_scores) {
      more.training.recompute = planner::Recompute::selective;
      add("attention computed again", more);
    } else if (best_.recompute != planner::Recompute::full) {
      more.training.recompute = planner::Recompute::full;
      add("every layer computed again", more);
    }
  }

  /// A factor of two in each size. The layers of a part of a stage stay as many where that can be.
  void add_sizes() {
    using planner::Layout;
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
    if (job_.model.experts == 0) return;
    change("ep x 2", [&](Layout& l) { twice(l, &Layout::ep); });
    change("ep / 2", [&](Layout& l) { half(l, &Layout::ep); });
    change("etp x 2", [&](Layout& l) { twice(l, &Layout::etp); });
    change("etp / 2", [&](Layout& l) { half(l, &Layout::etp); });
  }

  const PlannedJob& job_;
  const planner::Work& work_;
  /// Those of the search.
  std::span<const planner::Order> orders_;
  const planner::PlannedLayout& best_;
  Table table_{{{"what if"}, {"step"}, {"", Align::right}, {"memory", Align::right}}};
};

}  // namespace

void print_plan_json(const PlannedJob& job, const planner::Work& work, const planner::Plan& plan,
                     Writer& out) {
  nlohmann::ordered_json layouts = nlohmann::ordered_json::array();
  for (const planner::PlannedLayout& planned : plan.layouts)
    layouts.push_back(estimate_json(job_of(job, planned), work, planned.layout, planned.estimate));
  nlohmann::ordered_json json{{"layouts", layouts}, {"considered", plan.considered}, {"valid", plan.valid}};
  if (job.calibration) json["calibration"] = calibration_json(*job.calibration);
  out.put(json.dump(1) + "\n");
}

void print_plan(const PlannedJob& job, const planner::Work& work, const planner::SearchSpace& space,
                const planner::Plan& plan, Writer& out, Style style) {
  out.put(hanging(fmt::format("{} considered, {} fit into {} x {} with {:.1f} GiB; sequences of {}, batch {}",
                              counted(plan.considered, "layout"), plan.valid, job.machine.gpus,
                              job.machine.gpu.name, job.machine.gpu.memory_gib,
                              space.training.sequence_length, space.training.global_batch),
                  style.width()) +
          "\n\n");
  print_calibration(job, out, style);
  print_layouts(job, plan, out, style);
  const planner::PlannedLayout& best = plan.layouts.front();
  const PlannedJob best_job = job_of(job, best);
  out.put('\n');
  print_estimate(best_job, work, best.layout, best.estimate, out, style);
  out.put("\n" + hanging(binding_of(job, work, space, best), style.width()) + "\n");
  if (plan.layouts.size() > 1) {
    const planner::PlannedLayout& second = plan.layouts[1];
    out.put("\n" +
            hanging(fmt::format("The second layout takes {:.1f} % longer; it {}.",
                                100 * (second.estimate.step_s / best.estimate.step_s - 1),
                                better_of(best, second)),
                    style.width()) +
            "\n");
  }
  out.put('\n');
  Changes(best_job, work, space, best).print(out, style);
}

}  // namespace rankmesh::cli
