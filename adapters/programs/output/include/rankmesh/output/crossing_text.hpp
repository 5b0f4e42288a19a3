#pragma once

#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/crossings.hpp"

namespace rankmesh::cli {

/// A warning for each kind whose groups touch more domains than they need: what crosses, why, and the option
/// or command that ends it.
/// @param keep see `crossings`
[[nodiscard]] std::vector<std::string> crossing_warnings(const Topology& topology, const Cluster& cluster,
                                                         const Placement& placement,
                                                         std::span<const KindLevel> keep = {});

/// What to do, in the words of the command line: `--order tp-cp-ep-dp-pp keeps them together`.
[[nodiscard]] std::string remedy_text(const CrossingRemedy& remedy);

}  // namespace rankmesh::cli
