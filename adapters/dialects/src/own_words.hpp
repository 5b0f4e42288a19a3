#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "word_reader.hpp"

namespace rankmesh::dialects {

/// Reads a text of one dialect.
/// @throws ConfigError if the text or the layout is wrong
using Reader = std::function<ParallelConfig(std::string_view text, WorldSize world_size)>;

/// The diagnostics of a text under the names that the text has, for example `ep` instead of `expert`, and
/// with values that work: the text with such a value in the place of the wrong one is read without an error
/// but of the other words that have a diagnostic.
[[nodiscard]] std::vector<Diagnostic> in_own_words(std::vector<Diagnostic> diagnostics, const Reader& read,
                                                   std::string_view text, WorldSize world_size,
                                                   bool has_fields);

}  // namespace rankmesh::dialects
