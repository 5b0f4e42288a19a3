#include <algorithm>
#include <utility>

#include "common_options.hpp"
#include "measured_runs.hpp"
#include "planner_options.hpp"
#include "print/estimate.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/options/config_options.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

class EstimateCommand : public RunnableCommand {
 public:
  EstimateCommand()
      : RunnableCommand(
            {.name = "estimate",
             .summary = "Memory, traffic and step time of a layout",
             .notes = {{"docs/planner.md has the formulas, and how far estimates are from measurements."}},
             .examples = {"rankmesh estimate --tp 8 --model m.json --cluster c.toml --seq-length 4096 "
                          "--global-batch 64",
                          "rankmesh estimate 'world=8' --model m.json --cluster c.toml --seq-length 4096 "
                          "--global-batch 8"}}),
        job_(*this),
        config_(*this, "GPUs of the cluster"),
        format_(add_format(*this, {"text", "json"})) {
    config_.add_argument(*this);
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    PlannedJob job = job_.read(problems);
    job.training.micro_batch = job_.micro_batch(problems).value_or(1);
    job.training.recompute = job_.recompute(problems).value_or(planner::Recompute::none);
    const bool as_json = format_of(format_, problems) == Format::json;
    const planner::Layout layout = read_layout(job, problems);
    if (!problems.empty()) return {};
    job_.calibrate(job, problems);
    for (const Diagnostic& diagnostic : planner::check(job.model, job.machine, job.training, layout))
      problems.push_back(diagnostic.message());
    if (!problems.empty()) return {};
    return {.warnings = job.warnings, .run = [job, layout, as_json](Writer& out, Style style) {
              const planner::Work work(job.model);
              const planner::Estimate estimate =
                  planner::estimate(work, job.machine, job.training, layout, job.constants);
              if (as_json) {
                nlohmann::ordered_json json = estimate_json(job, work, layout, estimate);
                if (job.calibration) json["calibration"] = calibration_json(*job.calibration);
                out.put(json.dump(1) + "\n");
              } else {
                print_calibration(job, out, style);
                print_estimate(job, work, layout, estimate, out, style);
              }
              return success;
            }};
  }

 private:
  [[nodiscard]] planner::Layout read_layout(PlannedJob& job, Problems& problems) const {
    const bool has_cluster = job.machine.gpus > 0;
    const OptionReading reading = config_.read(has_cluster ? std::optional(job.machine.gpus) : std::nullopt);
    for (std::size_t i = 0; i < reading.messages.size(); ++i) {
      // The cluster that could not be read gives the size of the world.
      const bool follows = !has_cluster && i < reading.diagnostics.size() &&
                           reading.diagnostics[i].kind == Diagnostic::Kind::missing;
      if (!follows) problems.push_back(reading.messages[i]);
    }
    job.warnings.insert(job.warnings.end(), reading.notes.begin(), reading.notes.end());
    const ParallelConfig& config = reading.config;
    if (!problems.empty()) return {};
    if (config.world_size != job.machine.gpus) {
      if (config.world_size > job.machine.gpus)
        problems.push_back("--cluster: has " + counted(job.machine.gpus, "GPU") + ", fewer than the " +
                           counted(config.world_size, "rank") + " of the layout");
      job.machine.gpus = config.world_size;
      job.machine.domain = std::min(job.machine.domain, job.machine.gpus);
    }
    return planned_layout(config, "", problems);
  }

  PlannerOptions job_;
  ConfigOptions config_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_estimate_command() {
  return std::make_unique<EstimateCommand>();
}

}  // namespace rankmesh::cli
