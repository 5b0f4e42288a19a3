#include "rankmesh/options/suggestions.hpp"

#include "rankmesh/topology/closest_matches.hpp"

namespace rankmesh::cli {

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  std::string text;
  for (const std::string& candidate : closest_matches(word, known)) {
    text.append(text.empty() ? "; did you mean " : " or ").append(candidate);
  }
  return text.empty() ? text : text + "?";
}

}  // namespace rankmesh::cli
