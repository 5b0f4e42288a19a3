#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/options/options.hpp"

/// @file
/// What man pages and completions ask of the definition of a program.

namespace rankmesh::cli {

/// `--help`, `-h`: every name of an option with its dashes.
inline std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

inline bool is_named(const CLI::Option& option) {
  return !option.get_snames().empty() || !option.get_lnames().empty();
}

inline bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

/// Whether the value is the name of a file, by what stands for it in the help text.
inline bool takes_file(const CLI::Option& option) {
  return (is_named(option) ? option.get_type_name() : option.get_name(true)).starts_with("FILE");
}

inline bool may_repeat(const CLI::Option& option) {
  return option.get_description().find("may be repeated") != std::string::npos;
}

inline std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

inline std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

}  // namespace rankmesh::cli
