#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/options/program.hpp"

namespace rankmesh::cli {

/// `; did you mean --tp or --pp?`, with the known words that resemble the word; empty if none does.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> known);

/// `text, json or csv`
[[nodiscard]] std::string alternatives(std::span<const std::string> words);
/// The names of choices.
[[nodiscard]] std::vector<std::string> words_of(std::span<const Choice> choices);

}  // namespace rankmesh::cli
