#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rankmesh::cli {

/// `; did you mean --tp or --pp?`, naming the words that are a typing error away; empty if none is.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace rankmesh::cli
