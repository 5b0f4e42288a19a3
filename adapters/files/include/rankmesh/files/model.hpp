#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/export.hpp"
#include "rankmesh/planner/model.hpp"

/// @file
/// The sizes of a model: from the `config.json` that Hugging Face's transformers reads, or from TOML.
///
/// ```toml
/// name = "Llama-3-70B"
/// layers = 80
/// hidden = 8192
/// vocabulary = 128256
/// heads = 64
/// kv_heads = 8
/// head_dim = 128
/// ffn = 28672
/// ```
///
/// The keys of TOML are the fields of `planner::ModelConfig`.

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// A model that was read.
struct ModelReading {
  /// The model, valid if there is no diagnostic.
  planner::ModelConfig model{};
  /// Every mistake.
  std::vector<Diagnostic> diagnostics{};
  /// What a user should know, for example that the type of the model is unknown.
  std::vector<std::string> notes{};
};

/// Reads a text that begins with `{` as `config.json`, any other as TOML.
/// @param source the name of the text in diagnostics
[[nodiscard]] ModelReading parse_model(std::string_view text, const std::string& source = "<text>");
/// Reads a file of at most 1 MiB, or standard input if the path is `-`.
[[nodiscard]] ModelReading parse_model_file(const std::string& path);

}  // namespace files
}  // namespace rankmesh
