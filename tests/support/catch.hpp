#pragma once

/// @file
/// Catch2 of either version: Debian 12 ships version 2, newer systems version 3.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
namespace rankmesh::tests {
using Catch::Matchers::ContainsSubstring;
}
#else
#include <catch2/catch.hpp>
namespace rankmesh::tests {
inline auto ContainsSubstring(const std::string& text) {
  return Catch::Contains(text);
}
}  // namespace rankmesh::tests
#endif
