#pragma once

/// @file
/// Runs of the training job, and how they differ.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "adapters/programs/bringup/job.hpp"

namespace rankmesh::tests {

/// What a run leaves: the loss of each step, and every weight, whole.
struct Run {
  int exit_code = -1;
  std::vector<double> losses;
  std::map<std::string, std::vector<double>> weights;
};

/// Small enough to be quick; 4 layers for 4 stages, 4 heads for 4 ranks of a tensor or sequence group, 8
/// sequences for 8 ranks of a data group.
inline const std::string small_model = " --layers 4 --hidden 16 --heads 4 --length 8 --batch 8 ";

inline Run run_training(const std::string& program, int processes, const std::string& options) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run({.program = program,
           .parts = {{.processes = processes,
                      .options = options + small_model + " --csv " + folder.file("losses") + " --save " +
                                 folder.file("weights")}}});
  Run result{.exit_code = outcome.exit_code, .losses = {}, .weights = {}};
  std::istringstream losses(folder.read("losses"));
  std::string line;
  std::getline(losses, line);
  while (std::getline(losses, line)) result.losses.push_back(std::stod(line.substr(line.find(',') + 1)));
  std::istringstream weights(folder.read("weights"));
  while (std::getline(weights, line)) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    // Not `>>`: it does not read "nan".
    for (std::string word; words >> word;) result.weights[name].push_back(std::stod(word));
  }
  return result;
}

/// The larger of two differences, with one that is not a number larger than all.
inline double larger(double a, double b) {
  return a >= b || std::isnan(a) ? (std::isnan(a) ? std::numeric_limits<double>::infinity() : a)
                                 : (std::isnan(b) ? std::numeric_limits<double>::infinity() : b);
}

/// How far a run is from another: the largest relative difference of a loss, and of a weight, relative to its
/// norm. Infinity where something is missing.
inline double distance(const Run& a, const Run& b) {
  constexpr double far = std::numeric_limits<double>::infinity();
  if (a.losses.empty() || a.losses.size() != b.losses.size() || a.weights.size() != b.weights.size()) {
    return far;
  }
  double result = 0;
  for (std::size_t i = 0; i < a.losses.size(); ++i) {
    result = larger(result, std::abs(a.losses[i] - b.losses[i]) / std::abs(a.losses[i]));
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

/// See docs/tiny_gpt.md for why this is the bound.
inline constexpr double tolerance = 1e-9;

}  // namespace rankmesh::tests
