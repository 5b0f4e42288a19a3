#include "rankmesh/options/suggestions.hpp"

#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  return rankmesh::did_you_mean(closest_matches(word, known));
}

std::string alternatives(std::span<const std::string> words) {
  if (words.size() < 2) return joined(words, "");
  return joined(words.first(words.size() - 1), ", ") + " or " + words.back();
}

std::vector<std::string> words_of(std::span<const Choice> choices) {
  std::vector<std::string> names;
  names.reserve(choices.size());
  for (const Choice& choice : choices) names.push_back(choice.name);
  return names;
}

}  // namespace rankmesh::cli
