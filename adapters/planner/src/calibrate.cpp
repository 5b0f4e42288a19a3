#include "rankmesh/planner/calibrate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "estimate_parts.hpp"

namespace rankmesh::planner {
namespace {

constexpr std::size_t most_factors = 3;
/// The price of leaving 1, relative to the error of a run.
constexpr double price = 1e-6;

using Logs = std::array<double, most_factors>;

Calibration calibration_of(const Logs& logs) {
  return {.compute = std::exp(logs[0]), .network = std::exp(logs[1]), .link = std::exp(logs[2])};
}

/// Solves a x = b for symmetric positive matrices: Gaussian elimination without pivots.
Logs solve(std::array<Logs, most_factors> a, Logs b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = i + 1; k < size; ++k) {
      const double factor = a[k][i] / a[i][i];
      for (std::size_t j = i; j < size; ++j) a[k][j] -= factor * a[i][j];
      b[k] -= factor * b[i];
    }
  }
  Logs x{};
  for (std::size_t i = size; i-- > 0;) {
    x[i] = b[i];
    for (std::size_t j = i + 1; j < size; ++j) x[i] -= a[i][j] * x[j];
    x[i] /= a[i][i];
  }
  return x;
}

class FactorFit {
 public:
  FactorFit(const Work& work, const Machine& machine, std::span<const MeasuredRun> runs,
            const Constants& constants)
      : work_(work),
        machine_(machine),
        runs_(runs),
        constants_(constants),
        size_(std::min(runs.size(), most_factors)) {
    const Gpu& gpu = machine.gpu;
    most_.fill(std::log(4.0));
    most_[0] = std::min(most_[0], -std::log(std::max({gpu.efficiency, gpu.attention, gpu.flash2})));
  }

  /// The logarithms of estimated over measured seconds.
  [[nodiscard]] std::vector<double> errors(const Logs& logs) const {
    std::vector<double> result;
    for (const MeasuredRun& run : runs_) {
      Machine machine = machine_;
      Constants constants = constants_;
      calibration_of(logs).apply(machine, constants);
      machine.gpus = run.layout.world();
      machine.domain = std::min(machine.domain, machine.gpus);
      const StepTime time = step_time(work_, machine, run.training, run.layout, constants);
      result.push_back(std::log(time.total() / run.step_s));
    }
    return result;
  }

  /// Levenberg and Marquardt's method.
  [[nodiscard]] Logs run() const {
    Logs logs{};
    double damping = 1e-3;
    double best = cost(logs);
    for (int round = 0; round < 100; ++round) {
      const Logs next = step(logs, damping);
      const double now = cost(next);
      if (now < best) {
        best = now;
        logs = next;
        damping = std::max(damping / 4, 1e-9);
      } else {
        damping *= 8;
      }
    }
    return logs;
  }

 private:
  [[nodiscard]] double cost(const Logs& logs) const {
    double sum = 0;
    for (const double error : errors(logs)) sum += error * error;
    for (const double value : logs) sum += price * value * value;
    return sum;
  }

  [[nodiscard]] Logs step(const Logs& logs, double damping) const {
    constexpr double width = 1e-4;
    const std::vector<double> now = errors(logs);
    std::array<std::vector<double>, most_factors> slopes;
    for (std::size_t i = 0; i < size_; ++i) {
      Logs changed = logs;
      changed[i] += width;
      slopes[i] = errors(changed);
      for (std::size_t run = 0; run < now.size(); ++run) slopes[i][run] = (slopes[i][run] - now[run]) / width;
    }
    std::array<Logs, most_factors> matrix{};
    Logs right{};
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t k = 0; k < size_; ++k) {
        for (std::size_t run = 0; run < now.size(); ++run) matrix[i][k] += slopes[i][run] * slopes[k][run];
      }
      matrix[i][i] += price + damping;
      right[i] = -price * logs[i];
      for (std::size_t run = 0; run < now.size(); ++run) right[i] -= slopes[i][run] * now[run];
    }
    const Logs change = solve(matrix, right, size_);
    Logs next = logs;
    for (std::size_t i = 0; i < size_; ++i)
      next[i] = std::clamp(logs[i] + change[i], -std::log(4.0), most_[i]);
    return next;
  }

  const Work& work_;
  const Machine& machine_;
  std::span<const MeasuredRun> runs_;
  const Constants& constants_;
  std::size_t size_;
  Logs most_{};
};

/// The overhead with which the mean of the errors of memory is zero.
std::optional<double> overhead_of(const Work& work, std::span<const MeasuredRun> runs, Constants constants) {
  constants.overhead_gib = 0;
  double sum = 0;
  int count = 0;
  for (const MeasuredRun& run : runs) {
    if (!run.memory_gib) continue;
    double most = 0;
    for (const StageMemory& stage : stage_memory(work, run.training, run.layout, constants))
      most = std::max(most, stage.total() / gib);
    sum += *run.memory_gib - most;
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(std::max(0.0, sum / count));
}

}  // namespace

void Calibration::apply(Machine& machine, Constants& constants) const {
  machine.gpu.efficiency *= compute;
  machine.gpu.attention *= compute;
  machine.gpu.flash2 *= compute;
  machine.gpu.network_gb_s *= network;
  machine.gpu.link_gb_s *= link;
  for (LevelLinks& level : machine.levels) level.gb_s *= level.domain < machine.domain ? link : network;
  if (overhead_gib) constants.overhead_gib = *overhead_gib;
}

Calibration calibrate(const Work& work, const Machine& machine, std::span<const MeasuredRun> runs,
                      const Constants& constants) {
  const FactorFit fit(work, machine, runs, constants);
  const Logs logs = fit.run();
  Calibration result = calibration_of(logs);
  result.overhead_gib = overhead_of(work, runs, constants);
  for (const double error : fit.errors({})) result.before.push_back(std::exp(error));
  for (const double error : fit.errors(logs)) result.after.push_back(std::exp(error));
  return result;
}

}  // namespace rankmesh::planner
