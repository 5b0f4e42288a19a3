#pragma once

/// @file
/// The output of rankmesh-bringup.

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/mpi_job.hpp"

namespace rankmesh::tests {

using Json = nlohmann::json;

inline Outcome bring_up_over_mpi(int processes, const std::string& options) {
  return run({.program = RANKMESH_BRINGUP, .parts = {{processes, options}}});
}

inline Json kind_named(const Json& report, const std::string& name) {
  for (const Json& kind : report.at("kinds")) {
    if (kind.at("kind") == name) return kind;
  }
  return {};
}

/// Checks that the lines of progress, `[ 3/11] tensor    1.24 ms`, are complete and in order. Returns the
/// names of the parts.
inline std::vector<std::string> progress_parts(const std::string& err) {
  std::vector<std::string> parts;
  int total = 0;
  std::size_t begin = 0;
  while (begin < err.size()) {
    std::size_t end = err.find('\n', begin);
    if (end == std::string::npos) end = err.size();
    const std::string line = err.substr(begin, end - begin);
    begin = end + 1;
    int step = 0;
    int all = 0;
    std::array<char, 32> name{};
    double milliseconds = -1;
    if (std::sscanf(line.c_str(), "[%d/%d] %31s %lf ms", &step, &all, name.data(), &milliseconds) != 4)
      continue;
    CAPTURE(line);
    parts.emplace_back(name.data());
    if (total == 0) total = all;
    CHECK(all == total);
    CHECK(step == static_cast<int>(parts.size()));
    CHECK(milliseconds >= 0);
  }
  CHECK(static_cast<int>(parts.size()) == total);
  return parts;
}

}  // namespace rankmesh::tests
