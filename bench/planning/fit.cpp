#include "fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>
#include <sstream>

namespace rankmesh::bench {
namespace {

using planner::Constants;

/// A constant that is fitted: where it is, its bounds, and how far from its start it should stay.
struct Variable {
  std::string name;
  double least;
  double most;
  double value;
  double start;
};

struct ConstantField {
  const char* name;
  double Constants::*field;
  double least;
  double most;
};

constexpr std::array fields{ConstantField{"half_rows", &Constants::half_rows, 20, 2000},
                            ConstantField{"half_columns", &Constants::half_columns, 5, 1000},
                            ConstantField{"half_inner", &Constants::half_inner, 20, 1000},
                            ConstantField{"misaligned", &Constants::misaligned, 0.5, 1},
                            ConstantField{"experts", &Constants::experts, 0.3, 1},
                            ConstantField{"fp8", &Constants::fp8, 0.4, 1},
                            ConstantField{"mxfp8", &Constants::mxfp8, 0.4, 1.1},
                            ConstantField{"nvfp4", &Constants::nvfp4, 0.2, 1},
                            ConstantField{"flash1", &Constants::flash1, 0.3, 1},
                            ConstantField{"score_bytes", &Constants::score_bytes, 4, 40},
                            ConstantField{"plain_score_bytes", &Constants::plain_score_bytes, 4, 80},
                            ConstantField{"norm_bytes", &Constants::norm_bytes, 10, 150},
                            ConstantField{"plain_norm_bytes", &Constants::plain_norm_bytes, 10, 300},
                            ConstantField{"value_bytes", &Constants::value_bytes, 0.5, 6},
                            ConstantField{"routing_bytes", &Constants::routing_bytes, 4, 60},
                            ConstantField{"optimizer_bytes", &Constants::optimizer_bytes, 20, 200},
                            ConstantField{"launch_s", &Constants::launch_s, 2e-6, 60e-6},
                            ConstantField{"link", &Constants::link, 0.4, 1},
                            ConstantField{"network", &Constants::network, 0.3, 1},
                            ConstantField{"latency_s", &Constants::latency_s, 5e-6, 200e-6},
                            ConstantField{"ring_step_s", &Constants::ring_step_s, 10e-6, 100e-6},
                            ConstantField{"tensor_hidden", &Constants::tensor_hidden, 0, 0.95},
                            ConstantField{"expert_hidden", &Constants::expert_hidden, 0, 0.95},
                            ConstantField{"data_hidden", &Constants::data_hidden, 0, 1},
                            ConstantField{"shards_hidden", &Constants::shards_hidden, 0, 1},
                            ConstantField{"pipeline_hidden", &Constants::pipeline_hidden, 0, 1}};

/// GPUs of one architecture share what is fitted.
std::string family_of(const planner::Gpu& gpu) {
  const std::string name(gpu.name);
  if (name.starts_with("A100")) return "A100";
  if (name.starts_with("H")) return "H100";
  return name.starts_with("GB") ? "GB200" : "B200";
}

std::vector<Variable> variables_of(const std::vector<Row>& rows) {
  std::vector<Variable> variables;
  const Constants constants;
  for (const ConstantField& field : fields) {
    const double value = constants.*field.field;
    variables.push_back({field.name, field.least, field.most, value, value});
  }
  std::map<std::string, planner::Gpu> families;
  for (const Row& row : rows) families.emplace(family_of(row.machine.gpu), row.machine.gpu);
  for (const auto& [family, gpu] : families) {
    variables.push_back({family + " efficiency", 0.3, 0.95, gpu.efficiency, gpu.efficiency});
    variables.push_back({family + " attention", 0.1, 0.8, gpu.attention, gpu.attention});
    variables.push_back({family + " flash2", 0.1, 0.8, gpu.flash2, gpu.flash2});
  }
  return variables;
}

/// Gives the machines of rows the fitted parts of their peaks.
/// @returns the fitted constants
Constants use(const std::vector<Variable>& variables, std::vector<Row>& rows) {
  Constants constants;
  for (std::size_t i = 0; i < fields.size(); ++i) constants.*fields[i].field = variables[i].value;
  std::map<std::string, double> gpu;
  for (std::size_t i = fields.size(); i < variables.size(); ++i) gpu[variables[i].name] = variables[i].value;
  for (Row& row : rows) {
    const std::string family = family_of(row.machine.gpu);
    if (!gpu.contains(family + " efficiency")) continue;
    row.machine.gpu.efficiency = gpu[family + " efficiency"];
    row.machine.gpu.attention = gpu[family + " attention"];
    row.machine.gpu.flash2 = gpu[family + " flash2"];
  }
  return constants;
}

/// The mean error of the logarithms, where outliers count little, and a small price for leaving the start.
double cost(std::vector<Row>& rows, const std::map<std::string, double>& weights,
            const std::vector<Variable>& variables) {
  const Constants constants = use(variables, rows);
  double sum = 0;
  double total = 0;
  for (const Row& row : rows) {
    const double step =
        planner::step_time(row.work, row.machine, row.training, row.layout, constants).total();
    const double weight = weights.at(row.key);
    sum += weight * std::min(0.5, std::abs(std::log(step / *row.step_s)));
    total += weight;
  }
  double price = 0;
  for (const Variable& v : variables) price += std::abs(v.value - v.start) / (v.most - v.least);
  return sum / total + 0.0005 * price;
}

struct Fit {
  std::vector<Variable> variables;
  double before = 0;
  double after = 0;
};

Fit fit_to(std::vector<Row> rows, int rounds, unsigned seed) {
  std::erase_if(rows, [](const Row& row) { return !row.judges_step; });
  // A key with many rows does not outweigh the others.
  std::map<std::string, double> weights;
  for (const Row& row : rows) weights[row.key] += 1;
  for (const Row& row : rows) {
    double& weight = weights[row.key];
    if (weight >= 1) weight = (row.has_experts() ? 2 : 1) / std::sqrt(weight);
  }
  Fit fit{.variables = variables_of(rows)};
  fit.before = cost(rows, weights, fit.variables);
  fit.after = fit.before;
  // Not the standard distributions, whose numbers differ between libraries.
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) / 9007199254740992.0; };
  // The width of changes of each variable, as a part of its range: wider after a success, narrower after a
  // failure.
  std::vector<double> widths(fit.variables.size(), 0.2);
  for (int round = 0; round < rounds; ++round) {
    std::vector<Variable> changed = fit.variables;
    std::vector<std::size_t> places(1 + static_cast<std::size_t>(uniform() * 3));
    for (std::size_t& place : places) {
      place = static_cast<std::size_t>(uniform() * static_cast<double>(changed.size()));
      Variable& v = changed[place];
      v.value =
          std::clamp(v.value + widths[place] * (uniform() - 0.5) * 2 * (v.most - v.least), v.least, v.most);
    }
    const double now = cost(rows, weights, changed);
    for (const std::size_t place : places)
      widths[place] = std::clamp(widths[place] * (now < fit.after ? 1.5 : 0.95), 0.004, 0.3);
    if (now >= fit.after) continue;
    fit.after = now;
    fit.variables = std::move(changed);
  }
  return fit;
}

}  // namespace

std::string fit(std::vector<Row> rows, int rounds, unsigned seed) {
  const Fit fit = fit_to(std::move(rows), rounds, seed);
  std::ostringstream text;
  text << "mean error " << fit.before << " before, " << fit.after << " after " << rounds << " rounds\n";
  for (const Variable& v : fit.variables) text << v.name << " = " << v.value << "\n";
  return text.str();
}

Metrics cross_validate(const std::vector<Row>& rows, int parts, int rounds, unsigned seed) {
  Evaluation evaluation;
  for (int part = 0; part < parts; ++part) {
    std::vector<Row> fitted;
    std::vector<Row> others;
    for (const Row& row : rows) (row.part(parts) == part ? others : fitted).push_back(row);
    const Constants constants = use(fit_to(std::move(fitted), rounds, seed).variables, others);
    evaluation.add(others, constants);
  }
  return evaluation.metrics();
}

}  // namespace rankmesh::bench
