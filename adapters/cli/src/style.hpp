#pragma once

#include <string>
#include <string_view>

namespace rankmesh::cli {

/// Colour for a terminal, or nothing at all.
class Style {
 public:
  explicit Style(bool enabled) noexcept : enabled_(enabled) {}

  [[nodiscard]] std::string bold(std::string_view text) const { return wrap("\x1b[1m", text); }
  [[nodiscard]] std::string faint(std::string_view text) const { return wrap("\x1b[2m", text); }
  [[nodiscard]] std::string red(std::string_view text) const { return wrap("\x1b[1;31m", text); }
  [[nodiscard]] std::string yellow(std::string_view text) const { return wrap("\x1b[1;33m", text); }
  [[nodiscard]] std::string cyan(std::string_view text) const { return wrap("\x1b[36m", text); }

 private:
  [[nodiscard]] std::string wrap(std::string_view code, std::string_view text) const {
    if (!enabled_) return std::string(text);
    return std::string(code).append(text).append("\x1b[0m");
  }

  bool enabled_;
};

}  // namespace rankmesh::cli
