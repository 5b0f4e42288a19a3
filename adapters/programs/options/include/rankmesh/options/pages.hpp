#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "rankmesh/options/program.hpp"

namespace rankmesh::cli {

/// A shell with programmable completion.
enum class Shell { bash, zsh, fish };

/// What `--help` prints.
[[nodiscard]] std::string help_text(const Command& command);

/// A script that completes the commands, options, choices and file names of a program.
[[nodiscard]] std::string completion(const Program& program, Shell shell);

/// The man page of a program, or of one of its commands, in roff.
/// @param version shown in the footer of the page, `0.1.0`
[[nodiscard]] std::string man_page(const Command& command, std::string_view version);

/// Writes the man pages of a program and of its commands, and its completions, to the places below a folder
/// where they are installed: `man/man1`, and below `share` the places of bash, zsh and fish.
/// @throws Error if a file cannot be written
void write_pages(const Program& program, std::string_view version, const std::filesystem::path& folder);

}  // namespace rankmesh::cli
