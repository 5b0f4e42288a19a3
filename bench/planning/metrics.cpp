#include "metrics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rankmesh/planner/search.hpp"

namespace rankmesh::bench {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

double error_pct(double estimate, double measured) {
  return 100 * std::abs(estimate / measured - 1);
}

Errors errors_of(const std::vector<double>& values) {
  return {.n = static_cast<int>(values.size()),
          .median_pct = quantile(values, 0.5),
          .p90_pct = quantile(values, 0.9)};
}

std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    for (std::size_t k = i; k < end; ++k) ranks[order[k]] = static_cast<double>(i + end - 1) / 2;
    i = end;
  }
  return ranks;
}

RankErrors rank_errors(const std::map<std::string, std::vector<std::pair<double, double>>>& groups) {
  std::vector<double> correlations;
  std::vector<double> regrets;
  for (const auto& [name, pairs] : groups) {
    if (pairs.size() < 4) continue;
    std::vector<double> estimates;
    std::vector<double> measured;
    for (const auto& [estimate, step] : pairs) {
      estimates.push_back(estimate);
      measured.push_back(step);
    }
    correlations.push_back(spearman(estimates, measured));
    const auto chosen = std::min_element(estimates.begin(), estimates.end()) - estimates.begin();
    const double best = *std::min_element(measured.begin(), measured.end());
    regrets.push_back(100 * (measured[static_cast<std::size_t>(chosen)] / best - 1));
  }
  return {.groups = static_cast<int>(correlations.size()),
          .spearman = quantile(correlations, 0.5),
          .regret_median_pct = quantile(regrets, 0.5)};
}

/// The place of a row's layout, in per cent; negative if no layout is valid.
double place_of(const Row& row, double step_s, const planner::Constants& constants,
                const std::vector<planner::Order>& orders) {
  const planner::SearchSpace space{.training = row.training, .orders = orders};
  std::int64_t all = 0;
  std::int64_t faster = 0;
  planner::for_each_layout(row.work, row.machine, space, constants, [&](const planner::PlannedLayout& other) {
    ++all;
    faster += other.estimate.step_s < step_s ? 1 : 0;
  });
  return all == 0 ? -1 : 100.0 * static_cast<double>(faster) / static_cast<double>(all);
}

}  // namespace

double quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double place = part * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

double spearman(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> ranks_a = ranks_of(a);
  const std::vector<double> ranks_b = ranks_of(b);
  const double mean = (static_cast<double>(a.size()) - 1) / 2;
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (ranks_a[i] - mean) * (ranks_b[i] - mean);
    aa += (ranks_a[i] - mean) * (ranks_a[i] - mean);
    bb += (ranks_b[i] - mean) * (ranks_b[i] - mean);
  }
  return aa * bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double allocated_gib(const Row& row, const planner::Constants& constants) {
  const auto stages = planner::stage_memory(row.work, row.training, row.layout, constants);
  if (row.memory_of_last_stage) return stages.back().allocated() / gib;
  double most = 0;
  for (const planner::StageMemory& stage : stages) most = std::max(most, stage.allocated());
  return most / gib;
}

void Evaluation::add(const std::vector<Row>& rows, const planner::Constants& constants) {
  for (const Row& row : rows) {
    const planner::Estimate estimate =
        planner::estimate(row.work, row.machine, row.training, row.layout, constants);
    if (row.judges_step) {
      const double error = error_pct(estimate.step_s, *row.step_s);
      (row.has_experts() ? moe_ : dense_).push_back(error);
      by_source_[row.source].push_back(error);
    }
    // Layouts that somebody chose, not those of a sweep; the best of several for one machine and batch.
    if (row.judges_step && !row.judges_rank && row.machine.gpus >= 8) {
      const double place = place_of(row, estimate.step_s, constants, orders_);
      const auto known = places_.find(row.group);
      if (place >= 0 && (known == places_.end() || place < known->second)) places_[row.group] = place;
    }
    if (row.judges_rank) groups_[row.group].emplace_back(estimate.step_s, *row.step_s);
    if (row.judges_memory) memory_.push_back(error_pct(allocated_gib(row, constants), *row.memory_gib));
    if (row.judges_oom) {
      ++oom_;
      oom_right_ += (estimate.fits == planner::Fit::no) == *row.oom ? 1 : 0;
    }
  }
}

Metrics Evaluation::metrics() const {
  Metrics metrics{.dense = errors_of(dense_),
                  .moe = errors_of(moe_),
                  .memory = errors_of(memory_),
                  .oom = oom_,
                  .oom_right_pct = oom_ > 0 ? 100.0 * oom_right_ / oom_ : 0,
                  .rank = rank_errors(groups_)};
  std::vector<double> percentiles;
  for (const auto& [group, place] : places_) percentiles.push_back(place);
  metrics.published = {.n = static_cast<int>(percentiles.size()),
                       .median_percentile = quantile(percentiles, 0.5)};
  for (const auto& [source, errors] : by_source_) metrics.step_by_source[source] = errors_of(errors);
  return metrics;
}

Metrics evaluate(const std::vector<Row>& rows, const planner::Constants& constants,
                 const std::vector<planner::Order>& orders) {
  Evaluation evaluation(orders);
  evaluation.add(rows, constants);
  return evaluation.metrics();
}

}  // namespace rankmesh::bench
