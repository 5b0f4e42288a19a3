#include "metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "fit.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::bench;
using namespace rankmesh::tests;

TEST_CASE("quantiles lie between the values around them") {
  CHECK(quantile({3, 1, 2}, 0.5) == 2);
  CHECK(quantile({4, 1, 3, 2}, 0.5) == 2.5);
  CHECK(quantile({0, 10}, 0.9) == Approx(9));
  CHECK(quantile({}, 0.5) == 0);
}

TEST_CASE("Spearman's correlation is that of the ranks") {
  CHECK(spearman({1, 2, 3}, {10, 20, 1000}) == Approx(1));
  CHECK(spearman({1, 2, 3}, {3, 2, 1}) == Approx(-1));
  // Ranks 0, 1, 2, 3 and 1, 0, 3, 2: 1 - 6 * 4 / (4 * 15).
  CHECK(spearman({1, 2, 3, 4}, {2, 1, 4, 3}) == Approx(0.6));
  CHECK(spearman({1, 1, 1}, {1, 2, 3}) == 0);
}

TEST_CASE("the rows of one model, GPU, number of GPUs and batch are in one part") {
  const std::vector<Row> rows = read_rows(PUBLISHED_ROWS);
  CHECK(rows.size() > 900);
  std::map<std::string, std::set<bool>> parts;
  int fitted = 0;
  for (const Row& row : rows) {
    parts[row.key].insert(row.is_fitted());
    fitted += row.is_fitted() ? 1 : 0;
  }
  for (const auto& [key, part] : parts) CHECK(part.size() == 1);
  CHECK(fitted > 400);
  CHECK(fitted < 900);
}

TEST_CASE("cross-validation estimates each row once") {
  std::vector<Row> rows = read_rows(PUBLISHED_ROWS);
  rows.erase(rows.begin() + 200, rows.end());
  std::map<std::string, std::set<int>> parts;
  for (const Row& row : rows) parts[row.key].insert(row.part(3));
  std::set<int> all;
  for (const auto& [key, part] : parts) {
    CHECK(part.size() == 1);
    all.insert(part.begin(), part.end());
  }
  CHECK(all == std::set<int>{0, 1, 2});
  // With no rounds, all parts have the constants that they start with.
  const Metrics at_once = evaluate(rows, {});
  const Metrics in_parts = cross_validate(rows, 3, 0, 1);
  CHECK(in_parts.dense.n == at_once.dense.n);
  CHECK(in_parts.moe.n == at_once.moe.n);
  CHECK(in_parts.dense.median_pct == Approx(at_once.dense.median_pct));
  CHECK(in_parts.rank.groups == at_once.rank.groups);
}

TEST_CASE("a release that a reference names says how experts are computed, in 8 bits alone") {
  int fused = 0;
  for (const Row& row : read_rows(PUBLISHED_ROWS)) {
    CHECK(row.training.graphs == row.training.fused_experts);
    if (!row.training.graphs) continue;
    ++fused;
    CHECK(row.has_experts());
    CHECK(row.training.precision == planner::Precision::mxfp8);
  }
  CHECK(fused == 12);
  for (const Row& row : read_rows(PUBLISHED_ROWS, {.reads_releases = false})) CHECK(!row.training.graphs);
}

TEST_CASE("estimates of rows that were held out are near the measurements") {
  std::vector<Row> rows = read_rows(PUBLISHED_ROWS);
  std::erase_if(rows, [](const Row& row) { return row.is_fitted(); });
  const Metrics metrics = evaluate(rows, {});
  CHECK(metrics.dense.n > 100);
  CHECK(metrics.dense.median_pct < 8);
  CHECK(metrics.dense.p90_pct < 25);
  CHECK(metrics.moe.n > 20);
  CHECK(metrics.moe.median_pct < 15);
  CHECK(metrics.memory.median_pct < 1.5);
  CHECK(metrics.oom > 100);
  CHECK(metrics.oom_right_pct > 93);
  CHECK(metrics.published.n > 50);
  CHECK(metrics.published.median_percentile < 3);
}

TEST_CASE("a fit is reproducible and improves nothing but what it is given") {
  std::vector<Row> rows = read_rows(PUBLISHED_ROWS);
  rows.erase(rows.begin() + 200, rows.end());
  const std::string once = fit(rows, 20, 3);
  CHECK(once == fit(rows, 20, 3));
  CHECK(once.find("half_rows = ") != std::string::npos);
}
