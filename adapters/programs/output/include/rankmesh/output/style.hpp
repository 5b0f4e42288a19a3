#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rankmesh::cli {

/// The width of lines where the output is no terminal.
inline constexpr std::size_t default_width = 100;

/// How text looks where it is printed: its colours, if they are enabled, and the width of lines.
class Style {
 public:
  explicit Style(bool enabled, std::size_t width = default_width) noexcept
      : enabled_(enabled),
        width_(width) {}

  /// The greatest number of characters of a line.
  [[nodiscard]] std::size_t width() const noexcept { return width_; }

  [[nodiscard]] std::string bold(std::string_view text) const { return wrap("\x1b[1m", text); }
  [[nodiscard]] std::string faint(std::string_view text) const { return wrap("\x1b[2m", text); }
  [[nodiscard]] std::string red(std::string_view text) const { return wrap("\x1b[1;31m", text); }
  [[nodiscard]] std::string yellow(std::string_view text) const { return wrap("\x1b[1;33m", text); }
  [[nodiscard]] std::string cyan(std::string_view text) const { return wrap("\x1b[36m", text); }
  /// Black or white on one of the 256 colours of a terminal.
  [[nodiscard]] std::string on_colour(int background, bool black_text, bool underlined,
                                      std::string_view text) const {
    return wrap("\x1b[48;5;" + std::to_string(background) + (black_text ? ";38;5;16" : ";38;5;231") +
                    (underlined ? ";4m" : "m"),
                text);
  }

 private:
  [[nodiscard]] std::string wrap(std::string_view code, std::string_view text) const {
    if (!enabled_) return std::string(text);
    return std::string(code).append(text).append("\x1b[0m");
  }

  bool enabled_;
  std::size_t width_;
};

}  // namespace rankmesh::cli
