#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "word_reader.hpp"

namespace rankmesh::dialects {

/// Reads a text of one dialect.
/// @throws ConfigError if the text or the layout is wrong
using Reader = std::function<ParallelConfig(std::string_view text, WorldSize world_size)>;

/// The diagnostics of a text with values that work: the text with such a value in the place of the wrong one
/// is read without an error but of the other words that have a diagnostic.
[[nodiscard]] std::vector<Diagnostic> with_values(std::vector<Diagnostic> diagnostics, const Reader& read,
                                                  std::string_view text, WorldSize world_size);

/// The diagnostics of a text with its own words in the place of the fields, for example `tp` for `tensor`.
[[nodiscard]] std::vector<Diagnostic> renamed_fields(
    std::vector<Diagnostic> diagnostics, std::string_view text,
    const std::function<std::string(const FieldDescription&)>& word_of);

}  // namespace rankmesh::dialects
