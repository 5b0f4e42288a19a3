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
  const planner::WhatIf unlimited = planner::without_memory_limit(work, job.machine, space, job.constants);
  const planner::PlannedLayout& fastest = *unlimited.planned;
  const planner::Estimate& unbound = fastest.estimate;
  if (unbound.fits != planner::Fit::no)
    return text + " Memory does not bind: the fastest of all layouts fits.";
  return text + fmt::format(
                    " Memory binds: without its limit, {}, micro batch {}, would take {:.4g} s ({:+.1f} %) "
                    "with {:.1f} GiB.",
                    layout_text(fastest.layout), fastest.micro_batch, unbound.step_s,
                    100 * (unbound.step_s / best.estimate.step_s - 1), unbound.memory.total() / gib);
}

void print_what_ifs(const std::vector<planner::WhatIf>& changes, const planner::Estimate& best, Writer& out,
                    Style style) {
  Table table({{"what if"}, {"step"}, {"", Align::right}, {"memory", Align::right}});
  for (const planner::WhatIf& change : changes) {
    if (!change.planned) {
      table.add({{change.change}, {"the sizes do not divide"}, {}, {}});
      continue;
    }
    const planner::Estimate& changed = change.planned->estimate;
    table.add({{change.change},
               {fmt::format("{:.4g} s", changed.step_s)},
               {fmt::format("{:+.1f} %", 100 * (changed.step_s / best.step_s - 1))},
               {changed.fits == planner::Fit::no ? "does not fit"
                                                 : fmt::format("{:.1f} GiB", changed.memory.total() / gib)}});
  }
  table.print(out, style);
}

}  // namespace

void print_plan_json(const PlannedJob& job, const planner::Work& work, const planner::SearchSpace& space,
                     const planner::Plan& plan, Writer& out) {
  nlohmann::ordered_json layouts = nlohmann::ordered_json::array();
  for (const planner::PlannedLayout& planned : plan.layouts)
    layouts.push_back(estimate_json(job_of(job, planned), work, planned.layout, planned.estimate));
  nlohmann::ordered_json json{{"layouts", layouts},
                              {"considered", plan.considered},
                              {"valid", plan.valid},
                              {"what_if", what_ifs_json(job, work, space, plan.layouts.front())}};
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
  print_what_ifs(planner::what_ifs(work, job.machine, space, best, job.constants), best.estimate, out, style);
}

}  // namespace rankmesh::cli
