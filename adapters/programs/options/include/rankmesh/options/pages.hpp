#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>
#include <string_view>

namespace rankmesh::cli {

/// A shell that completes command lines.
enum class Shell { bash, zsh, fish };

/// A script that completes the commands, options, choices and file names of a program, all derived from its
/// definition.
[[nodiscard]] std::string completion(CLI::App& program, Shell shell);

/// The manual page of a program, or of one of its commands, in roff.
/// @param version what stands at the foot of the page, `0.1.0`
[[nodiscard]] std::string man_page(CLI::App& app, std::string_view version);

/// Writes the manual pages of a program and of its commands, and its completions, where they are installed
/// below a folder: `man/man1`, and under `share` those of bash, zsh and fish.
/// @throws Error if a file cannot be written
void write_pages(CLI::App& program, std::string_view version, const std::filesystem::path& folder);

}  // namespace rankmesh::cli
