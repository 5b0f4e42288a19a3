#include "measured_runs.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/options/suggestions.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

using nlohmann::json;

const std::vector<std::string> keys{"layout",       "step_s",      "memory_gib", "seq_length",
                                    "global_batch", "micro_batch", "recompute"};

/// Reads one run.
class RunReader {
 public:
  RunReader(const json& run, std::string what, const PlannedJob& job, Problems& problems)
      : run_(run),
        what_(std::move(what)),
        job_(job),
        problems_(problems) {}

  planner::MeasuredRun read() {
    planner::MeasuredRun result{.training = job_.training};
    if (!run_.is_object()) {
      say("is no table with layout and step_s");
      return result;
    }
    for (const auto& [key, value] : run_.items()) {
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      const std::string meant = did_you_mean(key, keys);
      say(files::shown(key) + " is no key of a run" +
          (meant.empty() ? "; there are " + joined(keys, ", ") : meant));
    }
    result.step_s = seconds("step_s", true).value_or(1);
    result.memory_gib = seconds("memory_gib", false);
    result.training.sequence_length = size("seq_length", job_.training.sequence_length);
    result.training.global_batch = size("global_batch", job_.training.global_batch);
    result.training.micro_batch = size("micro_batch", 1);
    read_recompute(result.training);
    read_layout(result);
    return result;
  }

 private:
  void say(const std::string& text) { problems_.push_back(what_ + text); }

  std::optional<double> seconds(const char* key, bool is_required) {
    const auto found = run_.find(key);
    if (found == run_.end()) {
      if (is_required) say(std::string(key) + " is missing");
      return std::nullopt;
    }
    if (found->is_number() && std::isfinite(found->get<double>()) && found->get<double>() > 0)
      return found->get<double>();
    say(std::string(key) + " = " + files::shown(found->dump()) + " is not a number above 0");
    return std::nullopt;
  }

  std::int64_t size(const char* key, std::int64_t fallback) {
    const auto found = run_.find(key);
    if (found == run_.end()) return fallback;
    const double value = found->is_number_integer() ? found->get<double>() : 0;
    if (value >= 1 && value <= INT32_MAX) return found->get<std::int64_t>();
    say(std::string(key) + " = " + files::shown(found->dump()) + " is not a number from 1 to 2147483647");
    return fallback;
  }

  void read_recompute(planner::Training& training) {
    training.recompute = planner::Recompute::none;
    const auto found = run_.find("recompute");
    if (found == run_.end()) return;
    for (const auto level :
         {planner::Recompute::none, planner::Recompute::selective, planner::Recompute::full}) {
      if (*found != name_of(level)) continue;
      training.recompute = level;
      return;
    }
    say("recompute = " + files::shown(found->is_string() ? found->get<std::string>() : found->dump()) +
        " is none of none, selective, full");
  }

  void read_layout(planner::MeasuredRun& result) {
    const auto found = run_.find("layout");
    if (found == run_.end()) return say("layout is missing");
    if (!found->is_string()) return say("layout is no text such as \"world=64 tp=8 pp=2\"");
    const ConfigReading reading = read_config(found->get<std::string>());
    const std::vector<Diagnostic> wrong =
        reading.diagnostics.empty() ? check(reading.config) : reading.diagnostics;
    for (const Diagnostic& diagnostic : wrong) say("layout: " + diagnostic.message());
    if (!wrong.empty()) return;
    const std::size_t before = problems_.size();
    result.layout = planned_layout(reading.config, what_ + "layout: ", problems_);
    planner::Machine machine = job_.machine;
    machine.gpus = reading.config.world_size;
    machine.domain = std::clamp<std::int64_t>(machine.domain, 1, std::max<std::int64_t>(1, machine.gpus));
    if (problems_.size() > before) return;
    for (const Diagnostic& diagnostic : planner::check(job_.model, machine, result.training, result.layout))
      say("layout: " + diagnostic.message());
  }

  const json& run_;
  std::string what_;
  const PlannedJob& job_;
  Problems& problems_;
};

/// Whether brackets are nested no deeper than the form has them, since the parser's memory grows with them.
bool is_flat(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    if (depth > 16) return false;
  }
  return true;
}

}  // namespace

planner::Layout planned_layout(const ParallelConfig& config, const std::string& what, Problems& problems) {
  const auto name = [&](const char* option) { return what.empty() ? std::string(option) : what; };
  if (config.convention == Convention::mesh)
    problems.push_back(name("--convention: ") +
                       "the planner knows the sizes of Megatron-Core and of the reference only");
  if (config.sequence > 1)
    problems.push_back(name("--sp: ") + "the planner knows no such groups; take " +
                       (what.empty() ? "--cp" : "cp"));
  const std::int64_t sizes[] = {config.tensor, config.context, config.pipeline};
  std::int64_t ranks = 1;
  for (const std::int64_t size : sizes)
    ranks = size >= 1 && ranks <= INT32_MAX / size ? ranks * size : INT32_MAX;
  return {.tp = config.tensor,
          .cp = config.context,
          .ep = config.expert,
          .etp = config.expert_tensor.value_or(config.tensor),
          .pp = config.pipeline,
          .vpp = config.virtual_pipeline.value_or(1),
          .dp = config.world_size / ranks,
          // The layout was checked, so that its order is one.
          .order = planner::parse_order(config.order).value_or(planner::Order{})};
}

std::vector<planner::MeasuredRun> read_runs(std::string_view text, const std::string& source,
                                            const PlannedJob& job, Problems& problems) {
  const std::string what = "--calibrate: " + source + ": ";
  const json file = is_flat(text) ? json::parse(text, nullptr, false) : json(json::value_t::discarded);
  std::vector<planner::MeasuredRun> runs;
  if (file.is_discarded()) {
    problems.push_back(what + "is no JSON");
    return runs;
  }
  const auto list = file.is_object() ? file.find("runs") : file.end();
  if (list == file.end() || !list->is_array() || list->empty() || list->size() > 1000) {
    problems.push_back(what + "has no array \"runs\" of 1 to 1000 runs");
    return runs;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string run = what + "run " + std::to_string(i + 1) + ": ";
    runs.push_back(RunReader((*list)[i], run, job, problems).read());
  }
  return runs;
}

}  // namespace rankmesh::cli
