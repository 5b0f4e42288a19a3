#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rows.hpp"

namespace rankmesh::bench {

/// Errors in per cent, without their sign.
struct Errors {
  int n = 0;
  double median_pct = 0;
  double p90_pct = 0;
};

/// How well layouts of one model on one machine are put in order.
struct RankErrors {
  int groups = 0;
  /// The median of the groups' rank correlations.
  double spearman = 0;
  /// How much slower the layout with the least estimate is than the fastest one, the median of the groups.
  double regret_median_pct = 0;
};

/// Where published layouts are among all valid ones, in ascending order of estimated step time.
struct PublishedPlaces {
  int n = 0;
  /// The part of the valid layouts with smaller estimates, in per cent.
  double median_percentile = 0;
};

struct Metrics {
  Errors dense{};
  Errors moe{};
  Errors memory{};
  int oom = 0;
  double oom_right_pct = 0;
  RankErrors rank{};
  PublishedPlaces published{};
  std::map<std::string, Errors> step_by_source{};
};

/// The value below which a part of the values lies.
[[nodiscard]] double quantile(std::vector<double> values, double part);

/// Spearman's rank correlation; equal values share their mean rank.
[[nodiscard]] double spearman(const std::vector<double>& a, const std::vector<double>& b);

/// GiB of the stage that was measured.
[[nodiscard]] double allocated_gib(const Row& row, const planner::Constants& constants);

/// Collects estimates beside measurements, of rows that are estimated with the same or with different
/// constants.
class Evaluation {
 public:
  Evaluation() = default;
  /// @param orders those that a search may choose from; all if empty
  explicit Evaluation(std::vector<planner::Order> orders) : orders_(std::move(orders)) {}

  /// Estimates rows.
  void add(const std::vector<Row>& rows, const planner::Constants& constants);
  [[nodiscard]] Metrics metrics() const;

 private:
  std::vector<planner::Order> orders_;
  std::vector<double> dense_;
  std::vector<double> moe_;
  std::vector<double> memory_;
  std::map<std::string, double> places_;
  std::map<std::string, std::vector<double>> by_source_;
  /// Estimated and measured step times.
  std::map<std::string, std::vector<std::pair<double, double>>> groups_;
  int oom_ = 0;
  int oom_right_ = 0;
};

[[nodiscard]] Metrics evaluate(const std::vector<Row>& rows, const planner::Constants& constants,
                               const std::vector<planner::Order>& orders = {});

}  // namespace rankmesh::bench
