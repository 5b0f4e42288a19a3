#include "suggestions.hpp"

#include "rankmesh/topology/close_words.hpp"

namespace rankmesh::cli {

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  std::string text;
  for (const std::string& candidate : close_words(word, known)) {
    text.append(text.empty() ? "; did you mean " : " or ").append(candidate);
  }
  return text.empty() ? text : text + "?";
}

}  // namespace rankmesh::cli
