#pragma once

#include <string_view>

#include "exit_code.hpp"

namespace rankmesh::bringup {

/// Makes reads and writes of closed standard streams fail, instead of reaching a file that is opened later.
/// Call it before any file is opened. A write to a closed pipe becomes an error instead of a signal.
void protect_standard_streams() noexcept;

/// Writes a text to stdout. If that fails, prints the reason to stderr. A reader that closed its pipe is no
/// failure.
[[nodiscard]] ExitCode write_to_stdout(std::string_view text);

}  // namespace rankmesh::bringup
