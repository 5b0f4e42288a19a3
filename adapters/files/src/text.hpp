#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rankmesh::files {

/// Text from a file as a message can show it: on one line, cut where it is long, in quotes with escapes
/// unless it is a plain word or number.
[[nodiscard]] std::string shown(std::string_view text);
/// The same, in quotes always.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// A boolean of YAML 1.2.
[[nodiscard]] std::optional<bool> boolean(std::string_view text);
/// Whether the text is a whole number in decimal digits, maybe with a sign, without leading zeros.
[[nodiscard]] bool is_decimal(std::string_view text);
/// Whether YAML may take text without quotes for a number, a fraction say.
[[nodiscard]] bool looks_like_number(std::string_view text);

}  // namespace rankmesh::files
