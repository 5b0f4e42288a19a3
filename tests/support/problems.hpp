#pragma once

#include <string>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::tests {

/// What is wrong with a configuration, as messages.
inline std::vector<std::string> problems(const ParallelConfig& config) {
  std::vector<std::string> texts;
  for (const Diagnostic& diagnostic : check(config)) texts.push_back(diagnostic.message());
  return texts;
}

}  // namespace rankmesh::tests
