#include "print/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

using nlohmann::ordered_json;
using planner::StepTime;

constexpr std::array<StepPart, 8> parts{
    {{"compute", "compute", "computes", &StepTime::compute},
     {"tensor", "tensor parallel messages", "sends tensor parallel messages", &StepTime::tensor},
     {"context", "context parallel messages", "sends context parallel messages", &StepTime::context},
     {"expert", "tokens to experts and back", "sends tokens to experts", &StepTime::expert},
     {"pipeline", "messages between stages", "sends between stages", &StepTime::pipeline},
     {"bubble", "stages that wait (bubble)", "waits in the pipeline", &StepTime::bubble},
     {"data", "gradients and parameters", "reduces gradients", &StepTime::data},
     {"optimizer", "optimizer", "updates parameters", &StepTime::optimizer}}};

double rounded(double value) {
  return std::stod(fmt::format("{:.6g}", value));
}

double peak_tflops(const PlannedJob& job) {
  const planner::Gpu& gpu = job.machine.gpu;
  switch (job.training.precision) {
    case planner::Precision::bf16:
      return gpu.bf16_tflops;
    case planner::Precision::nvfp4:
      return gpu.fp4_tflops;
    default:
      return gpu.fp8_tflops;
  }
}

double tokens_per_second(const PlannedJob& job, const planner::Estimate& estimate) {
  const auto tokens = static_cast<double>(job.training.global_batch * job.training.sequence_length);
  return tokens / estimate.step_s / static_cast<double>(job.machine.gpus);
}

std::pair<double, double> range_of(const PlannedJob& job, const planner::Estimate& estimate) {
  const double spread = 1 + (job.model.experts > 0 ? job.constants.expert_spread : job.constants.spread);
  return {estimate.step_s / spread, estimate.step_s * spread};
}

void print_memory(const PlannedJob& job, const planner::Work& work, const planner::Layout& layout,
                  const planner::Estimate& estimate, Writer& out, Style style) {
  using Align = Table::Align;
  Table table({{"stage"},
               {"weights", Align::right},
               {"gradients", Align::right},
               {"optimizer", Align::right},
               {"activations", Align::right},
               {"temporary", Align::right},
               {"overhead", Align::right},
               {"GiB", Align::right}});
  const auto stages = planner::stage_memory(work, job.training, layout, job.constants);
  std::vector<std::int64_t> shown{0, layout.pp / 2, layout.pp - 1, estimate.stage};
  std::sort(shown.begin(), shown.end());
  shown.erase(std::unique(shown.begin(), shown.end()), shown.end());
  for (const std::int64_t stage : shown) {
    const planner::StageMemory& memory = stages[static_cast<std::size_t>(stage)];
    std::vector<Table::Cell> line{{std::to_string(stage) + (stage == estimate.stage ? " *" : "")}};
    for (const double bytes : {memory.weights, memory.gradients, memory.optimizer, memory.activations,
                               memory.temporary, memory.overhead, memory.total()})
      line.push_back({fmt::format("{:.1f}", bytes / gib)});
    table.add(std::move(line));
  }
  table.print(out, style);
  const char* verdict = estimate.fits == planner::Fit::yes     ? "fits into"
                        : estimate.fits == planner::Fit::tight ? "just fits into"
                                                               : "does not fit into";
  out.put(hanging(fmt::format("The layout {} the memory of the GPU ({}, {:.1f} GiB); stage {} decides.",
                              verdict, job.machine.gpu.name, job.machine.gpu.memory_gib, estimate.stage),
                  style.width()) +
          "\n\n");
}

void print_time(const planner::Estimate& estimate, Writer& out, Style style) {
  using Align = Table::Align;
  Table table({{"time of a step"}, {"s", Align::right}, {"%", Align::right}});
  const auto add = [&](const std::string& name, double seconds) {
    if (seconds <= 0) return;
    table.add(
        {{name}, {fmt::format("{:.4g}", seconds)}, {fmt::format("{:.1f}", 100 * seconds / estimate.step_s)}});
  };
  for (const StepPart& part : parts) {
    add(part.name, estimate.time.*part.seconds);
    if (part.seconds == &StepTime::compute) add("  of it computed again", estimate.time.recompute);
  }
  add("all", estimate.step_s);
  table.print(out, style);
}

std::vector<planner::LevelTraffic> level_traffic(const PlannedJob& job, const planner::Work& work,
                                                 const planner::Layout& layout) {
  return planner::traffic_by_level(work, *job.cluster, job.training, layout, job.levels);
}

/// The traffic by the levels of a cluster that has more than the two of the machine, or domains of several
/// sizes.
void print_level_traffic(const PlannedJob& job, const planner::Work& work, const planner::Layout& layout,
                         Writer& out, Style style) {
  using Align = Table::Align;
  std::vector<Table::Column> columns{
      {layout.pp > 1 ? "a GPU of the first stage sends, GB" : "a GPU sends, GB"}, {"calls", Align::right}};
  for (const std::size_t level : job.levels)
    columns.push_back({"inside a " + job.cluster->level_name(level), Align::right});
  columns.push_back({"between " + job.cluster->level_name(job.levels.back()) + "s", Align::right});
  Table table(columns);
  for (const planner::LevelTraffic& line : level_traffic(job, work, layout)) {
    std::vector<Table::Cell> cells{{std::string(line.kind)}, {fmt::format("{:.0f}", line.calls)}};
    for (const double bytes : line.bytes) cells.push_back({fmt::format("{:.4g}", bytes / 1e9)});
    table.add(std::move(cells));
  }
  out.put('\n');
  table.print(out, style);
}

void print_traffic(const PlannedJob& job, const planner::Work& work, const planner::Layout& layout,
                   Writer& out, Style style) {
  const bool has_levels = job.levels.size() > 1 || (job.levels.size() == 1 && !job.cluster->is_uniform());
  if (layout.world() > 1 && has_levels) return print_level_traffic(job, work, layout, out, style);
  const auto messages = planner::traffic(work, job.machine, job.training, layout);
  if (messages.empty()) return;
  using Align = Table::Align;
  Table table({{layout.pp > 1 ? "a GPU of the first stage sends in a step" : "a GPU sends in a step"},
               {"calls", Align::right},
               {"on fast links, GB", Align::right},
               {"on the network, GB", Align::right}});
  for (const planner::Traffic& line : messages)
    table.add({{std::string(line.kind)},
               {fmt::format("{:.0f}", line.calls)},
               {fmt::format("{:.4g}", line.domain_bytes / 1e9)},
               {fmt::format("{:.4g}", line.network_bytes / 1e9)}});
  out.put('\n');
  table.print(out, style);
}

/// @param before the estimate of the layout that is changed
ordered_json what_if_json(const planner::WhatIf& change, const planner::Estimate& before) {
  ordered_json json{{"change", change.change}, {"possible", change.planned.has_value()}};
  if (!change.planned) {
    json["reasons"] = ordered_json::array();
    for (const Diagnostic& reason : change.reasons) json["reasons"].push_back(reason.message());
    return json;
  }
  const planner::Estimate& estimate = change.planned->estimate;
  json["config"] = layout_text(change.planned->layout);
  json["micro_batch"] = change.planned->micro_batch;
  json["recompute"] = name_of(change.planned->recompute);
  json["step_s"] = rounded(estimate.step_s);
  json["step_ratio"] = rounded(estimate.step_s / before.step_s);
  json["memory_gib"] = rounded(estimate.memory.total() / gib);
  json["fits"] = name_of(estimate.fits);
  return json;
}

}  // namespace

std::span<const StepPart> step_parts() {
  return parts;
}

std::string layout_text(const planner::Layout& layout) {
  ParallelConfig config{.world_size = layout.world(),
                        .tensor = layout.tp,
                        .pipeline = layout.pp,
                        .convention = Convention::megatron_core,
                        .context = layout.cp,
                        .expert = layout.ep};
  if (layout.vpp > 1) config.virtual_pipeline = layout.vpp;
  if (layout.etp != layout.tp) config.expert_tensor = layout.etp;
  config.order = to_string(layout.order);
  return to_string(config);
}

ordered_json calibration_json(const planner::Calibration& calibration) {
  ordered_json errors = ordered_json::array();
  for (std::size_t i = 0; i < calibration.after.size(); ++i) {
    errors.push_back({{"before_pct", rounded(100 * (calibration.before[i] - 1))},
                      {"after_pct", rounded(100 * (calibration.after[i] - 1))}});
  }
  ordered_json json{{"compute", rounded(calibration.compute)},
                    {"network", rounded(calibration.network)},
                    {"link", rounded(calibration.link)}};
  if (calibration.overhead_gib) json["overhead_gib"] = rounded(*calibration.overhead_gib);
  json["runs"] = errors;
  return json;
}

void print_calibration(const PlannedJob& job, Writer& out, Style style) {
  if (!job.calibration) return;
  const planner::Calibration& found = *job.calibration;
  std::string errors;
  for (std::size_t i = 0; i < found.after.size(); ++i)
    errors += fmt::format("{}{:+.1f} % to {:+.1f} %", i == 0 ? "" : ", ", 100 * (found.before[i] - 1),
                          100 * (found.after[i] - 1));
  std::string text =
      fmt::format("calibrated with {}: compute x {:.3g}, network x {:.3g}, fast links x {:.3g}",
                  counted(static_cast<std::int64_t>(found.after.size()), "run"), found.compute, found.network,
                  found.link);
  if (found.overhead_gib) text += fmt::format(", overhead {:.1f} GiB", *found.overhead_gib);
  out.put(hanging(text + "; errors of the runs from " + errors, style.width()) + "\n\n");
}

ordered_json estimate_json(const PlannedJob& job, const planner::Work& work, const planner::Layout& layout,
                           const planner::Estimate& estimate) {
  const planner::StageMemory& memory = estimate.memory;
  const auto [low, high] = range_of(job, estimate);
  const double tflops = estimate.tflops_per_gpu(job.machine);
  ordered_json time;
  for (const StepPart& part : parts) {
    time[part.key] = rounded(estimate.time.*part.seconds);
    if (part.seconds == &StepTime::compute) time["recompute"] = rounded(estimate.time.recompute);
  }
  ordered_json messages = ordered_json::array();
  for (const planner::Traffic& line : planner::traffic(work, job.machine, job.training, layout)) {
    for (const auto& [level, bytes] :
         {std::pair{"domain", line.domain_bytes}, {"network", line.network_bytes}}) {
      if (bytes > 0)
        messages.push_back({{"kind", line.kind},
                            {"level", level},
                            {"bytes_per_step", rounded(bytes)},
                            {"pattern", line.pattern},
                            {"calls", rounded(line.calls)}});
    }
  }
  ordered_json levels = ordered_json::array();
  for (const planner::LevelTraffic& line : level_traffic(job, work, layout)) {
    for (std::size_t i = 0; i < line.bytes.size() && !job.levels.empty(); ++i) {
      const bool is_inside = i < job.levels.size();
      if (line.bytes[i] <= 0) continue;
      levels.push_back(
          {{"kind", line.kind},
           {is_inside ? "inside" : "between", job.cluster->level_name(job.levels[is_inside ? i : i - 1])},
           {"bytes_per_step", rounded(line.bytes[i])}});
    }
  }
  return {{"config", layout_text(layout)},
          {"micro_batch", job.training.micro_batch},
          {"recompute", name_of(job.training.recompute)},
          {"memory_gib",
           {{"total", rounded(memory.total() / gib)},
            {"weights", rounded(memory.weights / gib)},
            {"gradients", rounded(memory.gradients / gib)},
            {"optimizer", rounded(memory.optimizer / gib)},
            {"activations", rounded(memory.activations / gib)},
            {"other", rounded((memory.temporary + memory.overhead) / gib)},
            {"stage", estimate.stage}}},
          {"step_s", rounded(estimate.step_s)},
          {"step_s_range", {rounded(low), rounded(high)}},
          {"mfu", rounded(tflops / peak_tflops(job))},
          {"tflops_per_gpu", rounded(tflops)},
          {"tokens_per_s_per_gpu", rounded(tokens_per_second(job, estimate))},
          {"bubble", rounded(estimate.time.bubble / estimate.step_s)},
          {"fits", name_of(estimate.fits)},
          {"time_s", time},
          {"traffic", messages},
          {"traffic_by_level", levels}};
}

ordered_json what_ifs_json(const PlannedJob& job, const planner::Work& work,
                           const planner::SearchSpace& space, const planner::PlannedLayout& best) {
  ordered_json json = ordered_json::array();
  for (const planner::WhatIf& change : planner::what_ifs(work, job.machine, space, best, job.constants))
    json.push_back(what_if_json(change, best.estimate));
  json.push_back(
      what_if_json(planner::without_memory_limit(work, job.machine, space, job.constants), best.estimate));
  return json;
}

void print_estimate(const PlannedJob& job, const planner::Work& work, const planner::Layout& layout,
                    const planner::Estimate& estimate, Writer& out, Style style) {
  const auto [low, high] = range_of(job, estimate);
  out.put(
      hanging(fmt::format("{}, micro batch {}, {} on {} x {}", layout_text(layout), job.training.micro_batch,
                          job.training.recompute == planner::Recompute::none
                              ? std::string("nothing computed again")
                              : fmt::format("recomputation: {}", name_of(job.training.recompute)),
                          job.machine.gpus, job.machine.gpu.name),
              style.width()) +
      "\n");
  out.put(
      hanging(fmt::format(
                  "step {:.4g} s (9 of 10 measurements lie within {:.4g} .. {:.4g} s), {:.0f} TFLOP/s a GPU, "
                  "MFU {:.1f} %, {:.0f} tokens/s a GPU",
                  estimate.step_s, low, high, estimate.tflops_per_gpu(job.machine),
                  100 * estimate.tflops_per_gpu(job.machine) / peak_tflops(job),
                  tokens_per_second(job, estimate)),
              style.width()) +
      "\n\n");
  print_memory(job, work, layout, estimate, out, style);
  print_time(estimate, out, style);
  print_traffic(job, work, layout, out, style);
}

}  // namespace rankmesh::cli
