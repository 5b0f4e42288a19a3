#pragma once

#include <optional>
#include <span>
#include <vector>

#include "rankmesh/planner/estimate.hpp"
#include "rankmesh/planner/export.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// A run whose step was measured.
struct MeasuredRun {
  /// How the model was trained.
  Training training{};
  /// The layout; its product is the number of GPUs.
  Layout layout{};
  /// Seconds of a step.
  double step_s = 0;
  /// GiB that the GPU with the most memory used in all; nothing if it was not measured.
  std::optional<double> memory_gib{};
};

/// Factors of a machine's rates that make estimates of measured runs right.
struct Calibration {
  /// Of the part of its peak that the GPU reaches, in matrices and attention.
  double compute = 1;
  /// Of the network's bandwidth.
  double network = 1;
  /// Of the bandwidth of fast links.
  double link = 1;
  /// Context, libraries and communicators in GiB; nothing if no run's memory was measured.
  std::optional<double> overhead_gib{};
  /// Estimated over measured seconds of each run, before and after.
  std::vector<double> before{};
  /// See `before`.
  std::vector<double> after{};

  /// Changes a machine and constants. `constants.link` and `constants.network` stay.
  void apply(Machine& machine, Constants& constants) const;
};

/// Fits the factors to runs of one model on one kind of machine: the sum of the squared logarithms of the
/// errors is least, with a small price for leaving 1, so that a factor that no run depends on stays 1. With
/// one run, `compute` is fitted; with two, `network` too; with three or more, all. Factors lie in 1/4 .. 4,
/// and no GPU exceeds its peak. O(runs x stages).
/// @param machine the machine of the runs; its number of GPUs is that of each layout
/// @param runs at least one, each with nothing for `check` to report and a positive time
[[nodiscard]] Calibration calibrate(const Work& work, const Machine& machine,
                                    std::span<const MeasuredRun> runs, const Constants& constants = {});

}  // namespace planner
}  // namespace rankmesh
