#pragma once

#include <optional>
#include <string_view>

namespace rankmesh::nccl::options_file {

/// A boolean of YAML 1.2; nothing if the text is none.
[[nodiscard]] std::optional<bool> boolean(std::string_view text);
/// Whether the text is a whole number in decimal digits, possibly with a sign, without leading zeros.
[[nodiscard]] bool is_decimal(std::string_view text);
/// Whether YAML may take text without quotes for a number, for example for a fraction.
[[nodiscard]] bool looks_like_number(std::string_view text);

}  // namespace rankmesh::nccl::options_file
