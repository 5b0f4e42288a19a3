#include "palette.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "support/catch.hpp"

using namespace rankmesh::cli;

namespace {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

/// The linear light of a colour like #e69f00.
Vector linear(std::string_view colour) {
  Vector result{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double value = std::stoi(std::string(colour.substr(1 + 2 * i, 2)), nullptr, 16) / 255.0;
    result[i] = value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  }
  return result;
}

Vector times(const Matrix& matrix, const Vector& vector) {
  Vector result{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) result[i] += matrix[i][j] * vector[j];
  }
  return result;
}

/// The contrast ratio of WCAG 2.
double contrast(std::string_view a, std::string_view b) {
  const auto luminance = [](std::string_view colour) {
    const Vector light = linear(colour);
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
  };
  const auto [low, high] = std::minmax({luminance(a), luminance(b)});
  return (high + 0.05) / (low + 0.05);
}

/// CIE L*a*b* of linear sRGB light, white point D65.
Vector lab(const Vector& light) {
  constexpr Matrix to_xyz{{{0.4124564, 0.3575761, 0.1804375},
                           {0.2126729, 0.7151522, 0.0721750},
                           {0.0193339, 0.1191920, 0.9503041}}};
  constexpr Vector white{0.95047, 1, 1.08883};
  Vector clipped{};
  for (std::size_t i = 0; i < 3; ++i) clipped[i] = std::clamp(light[i], 0.0, 1.0);
  Vector f = times(to_xyz, clipped);
  for (std::size_t i = 0; i < 3; ++i) {
    const double t = f[i] / white[i];
    f[i] = t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116;
  }
  return {116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

double distance(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

/// Linear light as people without one type of cones see it (Machado, Oliveira, Fernandes 2009, severity 1).
constexpr std::array<Matrix, 4> ways_to_see{{
    {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
}};

}  // namespace

TEST_CASE("the colours can be told apart, also with a colour-vision deficiency") {
  // A difference of 2 is just visible side by side.
  constexpr double clearly = 16;
  for (const bool dark : {false, true}) {
    for (std::size_t way = 0; way < ways_to_see.size(); ++way) {
      for (std::size_t i = 0; i < palette.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          const auto seen = [&](const Colour& colour) {
            return lab(times(ways_to_see[way], linear(dark ? colour.dark : colour.light)));
          };
          INFO("dark " << dark << ", way " << way << ", colours " << i << " and " << j);
          CHECK(distance(seen(palette[i]), seen(palette[j])) > clearly);
        }
      }
    }
  }
}

TEST_CASE("text can be read on every colour and page") {
  // The ratio that WCAG 2 requires for text of ordinary size, level AA.
  constexpr double enough = 4.5;
  for (const Colour& colour : palette) {
    CHECK(contrast(colour.light, colour.text_light) > enough);
    CHECK(contrast(colour.dark, colour.text_dark) > enough);
  }
  for (const Surroundings& s : {in_light, in_dark}) {
    for (const std::string_view page : {s.page, s.node}) {
      CHECK(contrast(page, s.text) > enough);
      CHECK(contrast(page, s.faint_text) > enough);
      CHECK(contrast(page, s.error) > enough);
      // Lines, and the frame around the focused element.
      CHECK(contrast(page, s.line) > 3);
      CHECK(contrast(page, s.focus) > 3);
    }
  }
}

TEST_CASE("look_in_turn returns each look once") {
  for (int i = 0; i < colour_count * mark_count; ++i) {
    for (int j = 0; j < i; ++j) CHECK_FALSE(look_in_turn(i) == look_in_turn(j));
  }
  CHECK(look_in_turn(colour_count * mark_count) == look_in_turn(0));
}
