#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"

namespace rankmesh::launch {

/// A key or flag with its value.
struct Setting {
  /// The tables around the key, or the dotted words before it: `policy.megatron_cfg`. `$` for variables in
  /// front of a command, `#SBATCH` for those of the scheduler.
  std::string parent{};
  /// The key in lower case, with underscores, without leading dashes: `tensor_model_parallel_size`.
  std::string key{};
  /// As the file writes it: `--tensor-model-parallel-size`, `model.tensor_model_parallel_size`.
  std::string name{};
  /// The value; nothing for a flag without one, and for null.
  std::optional<std::string> text{};
  /// Of a list: its values; of a flag, all words behind it.
  std::vector<std::string> list{};
  SourcePlace place{};
  /// What the value depends on and the file does not say: `$SLURM_NNODES`; empty if the value is known.
  std::string open{};
  /// Where that is written.
  SourcePlace open_place{};
};

enum class Syntax { shell, yaml, toml, json };

/// The contents of a file, or of one command of a script.
struct Settings {
  Syntax syntax = Syntax::shell;
  std::string source{};
  std::vector<Setting> items{};
  /// Of a command: its words.
  std::vector<std::string> words{};
  int line = 0;

  /// The last setting of that key; null if there is none.
  [[nodiscard]] const Setting* find(std::string_view parent, std::string_view key) const;
  /// Whether some setting has that parent, or one below it.
  [[nodiscard]] bool has_table(std::string_view parent) const;
  [[nodiscard]] bool has_key(std::string_view key) const;
};

/// `--tensor-model-parallel-size` as `tensor_model_parallel_size`.
[[nodiscard]] std::string canonical(std::string_view key);

/// The settings of a file; of a script, those of each command that may start something.
/// @throws files::FileError if the text has the syntax of no format
[[nodiscard]] std::vector<Settings> settings_of(std::string_view text, const std::string& source);

/// The settings of a script.
[[nodiscard]] std::vector<Settings> settings_of_script(std::string_view text, const std::string& source);

}  // namespace rankmesh::launch
