#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "rankmesh/planner.hpp"
#include "rankmesh/topology/cluster.hpp"

namespace rankmesh::cli {

/// A model, a machine and how the model is trained on it.
struct PlannedJob {
  planner::ModelConfig model{};
  planner::Machine machine{};
  /// Where the ranks run, in order; null if it could not be read.
  std::shared_ptr<const Cluster> cluster{};
  /// The levels of the cluster, innermost first, without those with a domain for each GPU and with one
  /// domain.
  std::vector<std::size_t> levels{};
  planner::Training training{};
  planner::Constants constants{};
  /// What `--calibrate` found; machine and constants have it already.
  std::optional<planner::Calibration> calibration{};
  /// What a user should know.
  std::vector<std::string> warnings{};
};

/// The options of commands that estimate a job: `--model`, `--cluster`, `--seq-length` and so on.
class PlannerOptions {
 public:
  explicit PlannerOptions(Command& command);

  /// Reads the options. The job is complete if there is no problem.
  [[nodiscard]] PlannedJob read(Problems& problems) const;
  /// Reads the runs of `--calibrate`, and fits machine and constants of a complete job to them.
  void calibrate(PlannedJob& job, Problems& problems) const;
  /// `--micro-batch`; nothing if it was not given.
  [[nodiscard]] std::optional<std::int64_t> micro_batch(Problems& problems) const;
  /// The same of a command that takes bounds of it.
  [[nodiscard]] planner::SizeBounds micro_batch_bounds(Problems& problems) const;
  /// `--recompute`; nothing if it was not given.
  [[nodiscard]] std::optional<planner::Recompute> recompute(Problems& problems) const;

 private:
  void read_machine(PlannedJob& job, Problems& problems) const;
  void read_gpu(const std::string& of_file, PlannedJob& job, Problems& problems) const;
  void read_training(planner::Training& training, Problems& problems) const;

  const Option& model_;
  const Option& cluster_;
  const Option& gpus_per_node_;
  const Option& gpu_;
  const Option& fast_domain_;
  const Option& sequence_length_;
  const Option& global_batch_;
  const Option& micro_batch_;
  const Option& recompute_;
  const Option& precision_;
  const Option& attention_;
  const Option& loss_;
  const Option& norms_;
  const Option& mlp_;
  const Option& experts_;
  const Option& graphs_;
  const Option& zero_;
  const Option& gradient_bytes_;
  const Option& no_sequence_parallel_;
  const Option& zero_bubble_;
  const Option& calibrate_;
};

/// The bounds that an option of a search has; those of the search if it was not given.
[[nodiscard]] planner::SizeBounds bounds_of(const Option& option, Problems& problems);

/// `none`, `selective`, `full`
[[nodiscard]] std::string_view name_of(planner::Recompute recompute);
/// `yes`, `tight`, `no`
[[nodiscard]] std::string_view name_of(planner::Fit fit);

}  // namespace rankmesh::cli
