#include "metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "fit.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

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

TEST_CASE("what a row does not say is taken from the rest of it") {
  const TemporaryFolder folder;
  const std::string model = R"("model": {"name": "m", "layers": 8, "hidden": 1024, "heads": 8})";
  const std::string path = folder.write(
      "rows.json", "[{" + model + R"(, "gpu": "GB200", "gpus": 144, "tp": 4, "pp": 2, "seq": 2048, "gbs": 36,
          "precision": "mxfp8", "zero": "ZeRO-3", "recompute": "Full", "measured": {"step_s": 2}, "judge": ["step"]},
         {)" + model + R"(, "gpu": "h100", "tp": 2, "dp": 3, "judge": ["step", "rank"]},
         {)" + model + R"(, "gpu": "TPU v5p"}, {"gpu": "H100"}, {"model": {"layers": 8}, "gpu": "H100"}, 7,
         {)" + model + R"(, "gpu": "H100", "pp": 9, "gpus": 9, "measured": null}])");
  std::map<std::string, int> left_out;
  const std::vector<Row> rows = read_rows(path, {}, &left_out);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].layout == planner::Layout{.tp = 4, .etp = 4, .pp = 2, .dp = 18});
  CHECK(rows[0].machine.domain == 72);
  CHECK(rows[0].training.precision == planner::Precision::mxfp8);
  CHECK(rows[0].training.zero == 3);
  CHECK(rows[0].training.recompute == planner::Recompute::full);
  CHECK(rows[0].judges_step);
  CHECK(rows[1].machine.gpus == 6);
  CHECK_FALSE(rows[1].judges_step);
  CHECK_FALSE(rows[1].judges_rank);
  CHECK(left_out.size() == 4);
  CHECK(left_out["no model"] == 2);
  CHECK(left_out["unknown GPU TPU v5p"] == 1);
  CHECK(left_out["more stages than layers"] == 1);
  const Metrics metrics = evaluate(rows, {});
  CHECK(metrics.dense.n == 1);
  CHECK(std::isfinite(metrics.dense.median_pct));
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
