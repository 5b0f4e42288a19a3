#pragma once

#include <string>
#include <string_view>

#include "picture.hpp"

namespace rankmesh::cli {

/// The most ranks in a line, in each format.
inline constexpr int ascii_width = 100;
[[nodiscard]] int ascii_columns(const Topology& topology, const DrawRequest& request);
inline constexpr int svg_columns = 48;

/// One for each format.
void print_ascii(const Picture& picture, Writer& out, Style style);
void print_svg(const Picture& picture, Writer& out);
void print_html(const Picture& picture, Writer& out);
void print_dot(const Picture& picture, Writer& out);

/// Text as XML and HTML hold it.
[[nodiscard]] std::string escaped(std::string_view text);
/// At most four characters: `1024`, `16k`, `1.0M`.
[[nodiscard]] std::string short_number(long long number);

}  // namespace rankmesh::cli
