#pragma once

/// @file
/// Runs the training job and compares runs.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/mpi_job.hpp"

namespace rankmesh::tests {

/// The results of a run: the loss of each step, and all whole weights.
struct Run {
  int exit_code = -1;
  std::string out, err;
  /// By step. Of a step that was repeated after a loss, the last one.
  std::map<int, double> losses;
  std::map<std::string, std::vector<double>> weights;
};

/// A small, quick model with 4 layers (for up to 4 stages), 4 heads (for up to 4 ranks of a tensor or
/// sequence group) and 8 sequences (for up to 8 ranks of a data group).
inline const std::string small_model = " --layers 4 --hidden 16 --heads 4 --length 8 --batch 8 ";

/// @param runs_on see `Job`
inline Run run_training(const std::string& program, int processes, const std::string& options,
                        bool runs_on = false) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run({.program = program,
           .parts = {{.processes = processes,
                      .options = options + small_model + " --csv " + folder.file("losses") + " --save " +
                                 folder.file("weights")}},
           .runs_on = runs_on});
  CHECK(outcome.left_over == 0);
  Run result{
      .exit_code = outcome.exit_code, .out = outcome.out, .err = outcome.err, .losses = {}, .weights = {}};
  std::istringstream losses(folder.read("losses"));
  std::string line;
  std::getline(losses, line);
  while (std::getline(losses, line)) {
    result.losses[std::stoi(line)] = std::stod(line.substr(line.find(',') + 1));
  }
  std::istringstream weights(folder.read("weights"));
  while (std::getline(weights, line)) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    // stod, because `>>` does not read "nan".
    for (std::string word; words >> word;) result.weights[name].push_back(std::stod(word));
  }
  return result;
}

/// The larger of two differences; NaN counts as infinity.
inline double larger(double a, double b) {
  return a >= b || std::isnan(a) ? (std::isnan(a) ? std::numeric_limits<double>::infinity() : a)
                                 : (std::isnan(b) ? std::numeric_limits<double>::infinity() : b);
}

/// The largest relative difference between two runs, over all losses and all weights; for a weight, relative
/// to its norm. Infinity if a loss or a weight is missing.
inline double distance(const Run& a, const Run& b) {
  constexpr double far = std::numeric_limits<double>::infinity();
  if (a.losses.empty() || a.losses.size() != b.losses.size() || a.weights.size() != b.weights.size()) {
    return far;
  }
  double result = 0;
  for (const auto& [step, loss] : a.losses) {
    const auto found = b.losses.find(step);
    if (found == b.losses.end()) return far;
    result = larger(result, std::abs(loss - found->second) / std::abs(loss));
  }
  for (const auto& [name, whole] : a.weights) {
    const auto found = b.weights.find(name);
    if (found == b.weights.end() || found->second.size() != whole.size()) return far;
    double difference = 0;
    double norm = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      difference += std::pow(whole[i] - found->second[i], 2);
      norm += std::pow(whole[i], 2);
    }
    result = larger(result, std::sqrt(difference / norm));
  }
  return result;
}

/// docs/tiny_gpt.md explains this bound.
inline constexpr double tolerance = 1e-9;

}  // namespace rankmesh::tests
