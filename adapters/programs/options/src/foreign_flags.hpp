#pragma once

#include <string>
#include <vector>

#include "rankmesh/options/program.hpp"

namespace rankmesh::cli {

/// Takes the flags of another program out of the words of a command line.
/// @param words those behind the command; loses the flags
/// @return the flags as a text in the syntax of a shell; empty if there are none
[[nodiscard]] std::string take_foreign_flags(const Command& command, std::vector<std::string>& words);

}  // namespace rankmesh::cli
