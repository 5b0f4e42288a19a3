#pragma once

#include <string>

#include "rankmesh/launch/launch_file.hpp"

namespace rankmesh::tests {

/// What is wrong with a file, a line for each message.
inline std::string messages(const launch::LaunchFile& file) {
  std::string text;
  for (const Diagnostic& diagnostic : file.diagnostics) text += diagnostic.message() + "\n";
  return text;
}

}  // namespace rankmesh::tests
