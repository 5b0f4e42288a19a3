#pragma once

#include <string>
#include <string_view>

#include "picture.hpp"

namespace rankmesh::cli {

/// The width of a picture, in characters or ranks.
inline constexpr int ascii_width = 100;
[[nodiscard]] int ascii_columns(const Topology& topology, const DrawRequest& request);
inline constexpr int svg_columns = 48;

/// Writes a picture in one format.
void print_ascii(const Picture& picture, Writer& out, Style style);
void print_svg(const Picture& picture, Writer& out);
void print_html(const Picture& picture, Writer& out);
void print_dot(const Picture& picture, Writer& out);

/// A text with the special characters of XML and HTML escaped.
[[nodiscard]] std::string escaped(std::string_view text);
/// At most four characters: `1024`, `16k`, `1.0M`.
[[nodiscard]] std::string short_number(long long number);

}  // namespace rankmesh::cli
