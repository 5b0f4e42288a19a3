#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rankmesh/dialects/dialect.hpp"
#include "rankmesh/files/layout.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/parallel_config.hpp"

/// @file
/// A layout as one argument of a command line: all that the programs print about a layout, and flags of
/// Megatron.

namespace rankmesh::cli {

/// A layout in one argument.
struct LayoutText {
  /// What the text is.
  enum class Form {
    /// Words of a dialect: `world=16 tp=2`, `shape=2,8 names=dp,tp`, `megatron: tp=2 dp=8`.
    words,
    /// `--tensor-model-parallel-size 8 ...`
    flags,
    /// `layout:FILE`
    layout_file,
    /// `from:FILE`
    launch_file,
  };

  /// What the text is.
  Form form = Form::words;
  /// Of words.
  dialects::Dialect dialect = dialects::Dialect::rankmesh;
  /// Without the prefix; of a file, its path.
  std::string text{};
};

/// Recognises a text by its prefix or its words; nothing if the prefix is unknown, which is a problem.
/// @param what the argument, for messages
[[nodiscard]] std::optional<LayoutText> parse_layout_text(const std::string& what, std::string_view text,
                                                          Problems& problems);

/// The layout that a text describes; nothing if there is a problem.
[[nodiscard]] std::optional<ParallelConfig> read_layout_text(const std::string& what, const LayoutText& text,
                                                             std::optional<std::int64_t> world_size,
                                                             Problems& problems);

/// The words of the one-line form as the contents of a file, which options override.
[[nodiscard]] files::LayoutFile words_as_file(std::string_view text);

/// What a layout in one argument may be, for help texts.
[[nodiscard]] Note layout_text_note();

}  // namespace rankmesh::cli
