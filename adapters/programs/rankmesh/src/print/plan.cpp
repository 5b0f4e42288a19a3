#include "print/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

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
               {"messages %", Align::right},
               {"bubble %", Align::right},
               {"data %", Align::right}});
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
               {share(t.tensor + t.context + t.expert + t.pipeline, step)},
               {share(t.bubble, step)},
               {share(t.data, step)}});
  }
  table.print(out, style);
}

/// What the second layout does better than the first.
std::string better_of(const planner::PlannedLayout& first, const planner::PlannedLayout& second) {
  constexpr std::array<std::pair<const char*, double StepTime::*>, 8> parts{
      {{"computes", &StepTime::compute},
       {"sends tensor parallel messages", &StepTime::tensor},
       {"sends context parallel messages", &StepTime::context},
       {"sends tokens to experts", &StepTime::expert},
       {"sends between stages", &StepTime::pipeline},
       {"waits in the pipeline", &StepTime::bubble},
       {"reduces gradients", &StepTime::data},
       {"updates parameters", &StepTime::optimizer}}};
  std::string text;
  double most = 0;
  for (const auto& [name, part] : parts) {
    const double gain = first.estimate.time.*part - second.estimate.time.*part;
    if (gain <= most) continue;
    most = gain;
    text = fmt::format("{} for {:.3g} s less", name, gain);
  }
  const double memory = (first.estimate.memory.total() - second.estimate.memory.total()) / gib;
  if (memory > 0.5) text += fmt::format("{}needs {:.1f} GiB less", text.empty() ? "" : " and ", memory);
  return text.empty() ? "does nothing better" : text;
}

/// One line of the table of changes.
void add_change(Table& table, const std::string& name, const PlannedJob& job, const planner::Layout& layout,
                const planner::Estimate& base) {
  if (!planner::check(job.model, job.machine, job.training, layout).empty()) {
    table.add({{name}, {"the sizes do not divide"}, {}, {}});
    return;
  }
  const planner::Estimate changed =
      planner::estimate(planner::Work(job.model), job.machine, job.training, layout);
  table.add({{name},
             {fmt::format("{:.4g} s", changed.step_s)},
             {fmt::format("{:+.1f} %", 100 * (changed.step_s / base.step_s - 1))},
             {changed.fits == planner::Fit::no ? "does not fit"
                                               : fmt::format("{:.1f} GiB", changed.memory.total() / gib)}});
}

void print_changes(const PlannedJob& job, const planner::PlannedLayout& best, Writer& out, Style style) {
  Table table({{"what if"}, {"step"}, {"", Align::right}, {"memory", Align::right}});
  PlannedJob slower = job;
  slower.machine.gpu.network_gb_s /= 2;
  add_change(table, "network x 0.5", slower, best.layout, best.estimate);
  if (best.recompute != planner::Recompute::full) {
    PlannedJob more = job;
    more.training.recompute = planner::Recompute::full;
    add_change(table, "every layer computed again", more, best.layout, best.estimate);
  }
  using Change = std::function<void(planner::Layout&)>;
  const std::vector<std::pair<std::string, Change>> changes{
      {"tp x 2, dp / 2",
       [](planner::Layout& l) {
         l.etp = l.etp == l.tp ? 2 * l.tp : l.etp;
         l.tp *= 2;
         l.dp /= 2;
       }},
      {"tp / 2, dp x 2",
       [](planner::Layout& l) {
         l.etp = l.etp == l.tp ? l.tp / 2 : l.etp;
         l.tp /= 2;
         l.dp *= 2;
       }},
      {"cp x 2, dp / 2",
       [](planner::Layout& l) {
         l.cp *= 2;
         l.dp /= 2;
       }},
      {"cp / 2, dp x 2",
       [](planner::Layout& l) {
         l.cp /= 2;
         l.dp *= 2;
       }},
      {"pp x 2, dp / 2",
       [](planner::Layout& l) {
         l.pp *= 2;
         l.dp /= 2;
       }},
      {"pp / 2, dp x 2",
       [](planner::Layout& l) {
         l.pp /= 2;
         l.dp *= 2;
         if (l.pp == 1) l.vpp = 1;
       }},
      {"ep x 2", [](planner::Layout& l) { l.ep *= 2; }},
      {"ep / 2", [](planner::Layout& l) { l.ep /= 2; }}};
  for (const auto& [name, change] : changes) {
    if (name.starts_with("ep") && job.model.experts == 0) continue;
    planner::Layout layout = best.layout;
    change(layout);
    // A size of 1 has no half.
    if (std::min({layout.tp, layout.cp, layout.pp, layout.ep, layout.dp, layout.etp}) < 1) continue;
    add_change(table, name, job, layout, best.estimate);
  }
  for (const std::int64_t factor : {2, 0}) {
    PlannedJob changed = job;
    changed.training.micro_batch = factor == 2 ? best.micro_batch * 2 : best.micro_batch / 2;
    if (changed.training.micro_batch < 1) continue;
    add_change(table, factor == 2 ? "micro batch x 2" : "micro batch / 2", changed, best.layout,
               best.estimate);
  }
  table.print(out, style);
}

}  // namespace

void print_plan_json(const PlannedJob& job, const planner::Plan& plan, Writer& out) {
  nlohmann::ordered_json layouts = nlohmann::ordered_json::array();
  for (const planner::PlannedLayout& planned : plan.layouts)
    layouts.push_back(estimate_json(job_of(job, planned), planned.layout, planned.estimate));
  const nlohmann::ordered_json json{
      {"layouts", layouts}, {"considered", plan.considered}, {"valid", plan.valid}};
  out.put(json.dump(1) + "\n");
}

void print_plan(const PlannedJob& job, const planner::SearchSpace& space, const planner::Plan& plan,
                Writer& out, Style style) {
  out.put(hanging(fmt::format("{} considered, {} fit into {} x {} with {:.1f} GiB; sequences of {}, batch {}",
                              counted(plan.considered, "layout"), plan.valid, job.machine.gpus,
                              job.machine.gpu.name, job.machine.gpu.memory_gib,
                              space.training.sequence_length, space.training.global_batch),
                  style.width()) +
          "\n\n");
  print_layouts(job, plan, out, style);
  const planner::PlannedLayout& best = plan.layouts.front();
  const PlannedJob best_job = job_of(job, best);
  out.put('\n');
  print_estimate(best_job, best.layout, best.estimate, out, style);
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
  print_changes(best_job, best, out, style);
}

}  // namespace rankmesh::cli
