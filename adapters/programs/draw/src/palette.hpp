#pragma once

#include <array>
#include <string_view>

namespace rankmesh::cli {

/// A fill colour on light and on dark pages, the text colours on it, and its number among the 256 colours of
/// a terminal.
struct Colour {
  std::string_view light;
  std::string_view dark;
  std::string_view text_light;
  std::string_view text_dark;
  int terminal;
  /// Whether a terminal writes in black on it; otherwise in white.
  bool black_text;
};

inline constexpr int colour_count = 8;

/// Based on the palette of Okabe and Ito, whose hues also differ in lightness, so that they can be told apart
/// with any colour-vision deficiency. tests/adapters/programs/draw/palette_test.cpp measures the differences.
inline constexpr std::array<Colour, colour_count> palette{{
    {"#e69f00", "#e69f00", "#111111", "#111111", 214, true},
    {"#7cc7f2", "#7cc7f2", "#111111", "#111111", 117, true},
    {"#00a078", "#00a078", "#111111", "#111111", 36, true},
    {"#f5ea6b", "#f5ea6b", "#111111", "#111111", 227, true},
    {"#0068a8", "#0068a8", "#ffffff", "#ffffff", 25, false},
    {"#d95f02", "#d95f02", "#111111", "#111111", 166, true},
    {"#ce86b5", "#ce86b5", "#111111", "#111111", 175, true},
    {"#3b4252", "#e5e9f0", "#ffffff", "#111111", 239, false},
}};

/// The colours of everything but groups.
struct Surroundings {
  std::string_view page;
  std::string_view node;
  std::string_view text;
  std::string_view faint_text;
  std::string_view line;
  std::string_view error;
  std::string_view focus;
};
inline constexpr Surroundings in_light{"#ffffff", "#f1f3f6", "#1c2128", "#57606a",
                                       "#7d8590", "#b42318", "#0b5fff"};
inline constexpr Surroundings in_dark{"#15181c", "#22272e", "#e6edf3", "#a3adb8",
                                      "#768390", "#ff8a80", "#8ab4ff"};

/// The look of the cells of a group: a colour, and a bar at the edge where there are more groups than
/// colours.
struct Look {
  /// 0 .. colour_count - 1
  int colour = 0;
  /// 0 none, 1 below, 2 on the left: 0 .. mark_count - 1
  int mark = 0;

  bool operator==(const Look&) const = default;
};

inline constexpr int mark_count = 3;

/// The looks in order: first all colours without a mark.
[[nodiscard]] constexpr Look look_in_turn(int place) noexcept {
  return {.colour = place % colour_count, .mark = place / colour_count % mark_count};
}

}  // namespace rankmesh::cli
