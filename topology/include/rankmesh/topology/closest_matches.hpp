#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The known words that a misspelt word most likely stands for: those at the least edit distance, if at most
/// a third of the letters are wrong (two neighbours swapped count as one); or else those that begin with the
/// word, if it has three letters or more. Dashes and underscores are ignored. O(letters^2) for each known
/// word.
/// @return empty if no known word is close
[[nodiscard]] std::vector<std::string> closest_matches(std::string_view word,
                                                       std::span<const std::string> known);

/// `; did you mean tensor or context?`; empty without matches.
[[nodiscard]] std::string did_you_mean(std::span<const std::string> matches);

}  // namespace rankmesh
