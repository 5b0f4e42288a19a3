#pragma once

#include <string>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"
#include "settings.hpp"

namespace rankmesh::simulate {

/// All strategies with one layout.
struct Section {
  ParallelConfig layout{};
  std::vector<Outcome> outcomes{};
};

/// A table for each layout.
[[nodiscard]] std::string to_text(const Section& section);
/// One JSON object with everything.
[[nodiscard]] std::string to_json(const std::vector<Section>& sections, const Conditions& conditions);

}  // namespace rankmesh::simulate
