// Compares the estimates of rankmesh::planner with published measurements: see README.md.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fit.hpp"
#include "metrics.hpp"
#include "search_speed.hpp"

namespace {

using namespace rankmesh::bench;
using nlohmann::ordered_json;

struct Options {
  std::string rows = PUBLISHED_ROWS;
  std::string part = "all";
  bool as_json = false;
  bool as_list = false;
  bool measures_search = false;
  Assumptions assumptions{};
  /// Those of valid layouts; all if empty.
  std::vector<rankmesh::planner::Order> orders{};
  int fit_rounds = 0;
  int parts = 0;
  unsigned seed = 1;
};

double rounded(double value) {
  return static_cast<double>(static_cast<long long>(value * 1000 + 0.5)) / 1000;
}

ordered_json json_of(const Errors& errors) {
  return {{"n", errors.n}, {"median_pct", rounded(errors.median_pct)}, {"p90_pct", rounded(errors.p90_pct)}};
}

ordered_json json_of(const Metrics& metrics) {
  ordered_json by_source;
  for (const auto& [source, errors] : metrics.step_by_source) by_source[source] = json_of(errors);
  return {{"step_time", {{"dense", json_of(metrics.dense)}, {"moe", json_of(metrics.moe)}}},
          {"memory", json_of(metrics.memory)},
          {"oom", {{"n", metrics.oom}, {"right_pct", rounded(metrics.oom_right_pct)}}},
          {"rank",
           {{"groups", metrics.rank.groups},
            {"spearman", rounded(metrics.rank.spearman)},
            {"regret_median_pct", rounded(metrics.rank.regret_median_pct)}}},
          {"published",
           {{"n", metrics.published.n}, {"median_percentile", rounded(metrics.published.median_percentile)}}},
          {"step_time_by_source", by_source}};
}

void print_line(const char* name, const Errors& errors) {
  std::printf("  %-38s %5d rows  median %5.1f %%  p90 %5.1f %%\n", name, errors.n, errors.median_pct,
              errors.p90_pct);
}

void print(const char* title, const Metrics& metrics) {
  std::printf("%s\n", title);
  print_line("step time, dense", metrics.dense);
  print_line("step time, experts", metrics.moe);
  print_line("memory", metrics.memory);
  std::printf("  %-38s %5d rows  right  %5.1f %%\n", "fits or not", metrics.oom, metrics.oom_right_pct);
  std::printf("  %-38s %5d groups  Spearman %.3f  regret %.2f %%\n", "order of layouts", metrics.rank.groups,
              metrics.rank.spearman, metrics.rank.regret_median_pct);
  std::printf("  %-38s %5d layouts  median: %.1f %% of the valid ones are faster\n", "published layouts",
              metrics.published.n, metrics.published.median_percentile);
  for (const auto& [source, errors] : metrics.step_by_source) print_line(("  " + source).c_str(), errors);
}

/// A line for each row: estimates beside measurements, in seconds and GiB.
void print_rows(const std::vector<Row>& rows, const rankmesh::planner::Constants& constants) {
  std::puts("id\tkey\tstep_s\tmeasured\tmemory_gib\tmeasured\tfits\toom");
  for (const Row& row : rows) {
    const rankmesh::planner::Estimate e =
        rankmesh::planner::estimate(row.work, row.machine, row.training, row.layout, constants);
    std::printf("%lld\t%s\t%.5g\t%.5g\t%.5g\t%.5g\t%d\t%d\n", static_cast<long long>(row.id), row.key.c_str(),
                e.step_s, row.judges_step ? *row.step_s : 0.0, allocated_gib(row, constants),
                row.judges_memory ? *row.memory_gib : 0.0, e.fits != rankmesh::planner::Fit::no ? 1 : 0,
                row.judges_oom ? (*row.oom ? 1 : 0) : -1);
  }
}

std::vector<Row> part_of(const std::vector<Row>& rows, bool fitted) {
  std::vector<Row> result;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(result),
               [&](const Row& row) { return row.is_fitted() == fitted; });
  return result;
}

int usage() {
  std::fputs(
      "usage: planner [--rows FILE] [--format text|json|rows] [--part all|fitted|held-out]\n"
      "               [--gradient-bytes 4|2] [--releases read|ignored] [--orders all|usual]\n"
      "               [--fit ROUNDS [--cross-validate PARTS] [--seed N]]\n"
      "       planner --search\n",
      stderr);
  return 2;
}

bool read(int argc, char** argv, Options& options) {
  options.measures_search = argc == 2 && std::string(argv[1]) == "--search";
  if (options.measures_search) return true;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) return false;
    const std::string value = argv[i + 1];
    if (name == "--rows") {
      options.rows = value;
    } else if (name == "--format" && (value == "text" || value == "json" || value == "rows")) {
      options.as_json = value == "json";
      options.as_list = value == "rows";
    } else if (name == "--part" && (value == "all" || value == "fitted" || value == "held-out")) {
      options.part = value;
    } else if (name == "--gradient-bytes" && (value == "2" || value == "4")) {
      options.assumptions.gradient_bytes = value == "2" ? 2 : 4;
    } else if (name == "--releases" && (value == "read" || value == "ignored")) {
      options.assumptions.reads_releases = value == "read";
    } else if (name == "--orders" && (value == "all" || value == "usual")) {
      options.orders.clear();
      if (value == "usual") options.orders.emplace_back();
    } else if (name == "--fit") {
      options.fit_rounds = std::atoi(value.c_str());
    } else if (name == "--cross-validate") {
      options.parts = std::atoi(value.c_str());
    } else if (name == "--seed") {
      options.seed = static_cast<unsigned>(std::atoi(value.c_str()));
    } else {
      return false;
    }
  }
  return true;
}

void run(const Options& options) {
  if (options.measures_search) return print_search_speed();
  std::map<std::string, int> left_out;
  std::vector<Row> rows = read_rows(options.rows, options.assumptions, &left_out);
  for (const auto& [reason, count] : left_out)
    std::fprintf(stderr, "planner: %d rows left out: %s\n", count, reason.c_str());
  if (options.parts > 1) {
    print("estimated with constants that were fitted to the other parts",
          cross_validate(part_of(rows, true), options.parts, options.fit_rounds, options.seed));
    return;
  }
  if (options.fit_rounds > 0) {
    std::fputs(fit(part_of(rows, true), options.fit_rounds, options.seed).c_str(), stdout);
    return;
  }
  if (options.part != "all") rows = part_of(rows, options.part == "fitted");
  const rankmesh::planner::Constants constants;
  if (options.as_list) return print_rows(rows, constants);
  if (options.as_json) {
    std::printf("%s\n", json_of(evaluate(rows, constants, options.orders)).dump(1).c_str());
    return;
  }
  if (options.part != "all") {
    print(options.part.c_str(), evaluate(rows, constants, options.orders));
    return;
  }
  print("rows that constants were fitted to", evaluate(part_of(rows, true), constants, options.orders));
  print("rows that were held out", evaluate(part_of(rows, false), constants, options.orders));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read(argc, argv, options)) return usage();
  try {
    run(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "planner: %s\n", error.what());
    return 1;
  }
}
