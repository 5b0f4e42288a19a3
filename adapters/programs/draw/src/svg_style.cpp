#include "svg_style.hpp"

#include <fmt/format.h>

#include <cmath>

namespace rankmesh::cli {
namespace {

/// Rules without CSS variables, which not every program that shows SVG supports.
std::string surroundings_css(const Surroundings& s) {
  return fmt::format(
      ".page{{fill:{0}}}.node rect{{fill:{1};stroke:{4}}}text{{fill:{2}}}.note,.node text,.none "
      "text{{fill:{3}}}"
      ".cell rect,.block rect{{stroke:{4}}}.none rect{{fill:{0}}}\n",
      s.page, s.node, s.text, s.faint_text, s.line);
}

std::string colour_css(int i, std::string_view fill, std::string_view text) {
  std::string css = fmt::format(".k{0},.c{0}m0 rect{{fill:{1}}}.t{0}", i, fill);
  for (int mark = 0; mark < mark_count; ++mark) css += fmt::format(",.c{}m{} text", i, mark);
  return css + fmt::format("{{fill:{}}}\n", text);
}

/// A fill with a bar at the bottom or on the left, in the colour of the text.
std::string pattern(int colour, int mark) {
  const char* bar = mark == 1 ? "x=\".1\" y=\".86\" width=\".8\" height=\".08\""
                              : "x=\".04\" y=\".12\" width=\".07\" height=\".76\"";
  return fmt::format(
      "<pattern id=\"rankmesh-c{0}m{1}\" width=\"1\" height=\"1\" patternContentUnits=\"objectBoundingBox\">"
      "<rect class=\"k{0}\" width=\"1\" height=\"1\"/><rect class=\"t{0}\" {2}/></pattern>\n",
      colour, mark, bar);
}

}  // namespace

int width_of(std::string_view text, double font) {
  double ems = 0;
  for (const char c : text) {
    const auto is_one_of = [c](std::string_view some) { return some.find(c) != std::string_view::npos; };
    const bool is_usual = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    ems += is_one_of(" .,:;-_()[]fijlrt") ? 0.5 : is_one_of("mwMW") ? 1.11 : is_usual ? 0.72 : 1.01;
  }
  return static_cast<int>(std::ceil(ems * font));
}

std::string look_class(Look look) {
  return fmt::format("c{}m{}", look.colour, look.mark);
}

void put_style(Writer& out, FontSizes fonts) {
  out.put(fmt::format(
      "<style>\n"
      "text{{font-family:system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\",\"DejaVu Sans\",sans-serif}}\n"
      ".head{{font-size:16px;font-weight:600}}.name{{font-size:15px;font-weight:600}}.note{{font-size:12px}}"
      "\n"
      ".node text{{font-size:{}px}}.crosses{{font-weight:600}}\n"
      ".r,.n,.b{{text-anchor:middle}}.r{{font-size:{}px;font-weight:600}}.n{{font-size:{}px}}.b{{font-size:{}"
      "px}}\n"
      ".none rect{{stroke-dasharray:2 2}}.outside rect{{stroke:none}}\n",
      fonts.node, fonts.rank, fonts.group, fonts.block));
  out.put(surroundings_css(in_light));
  for (int i = 0; i < colour_count; ++i) {
    const Colour& colour = palette[static_cast<std::size_t>(i)];
    out.put(colour_css(i, colour.light, colour.text_light));
    for (int mark = 1; mark < mark_count; ++mark) {
      out.put(fmt::format(".c{0}m{1} rect{{fill:url(#rankmesh-c{0}m{1})}}", i, mark));
    }
    out.put('\n');
  }
  out.put("@media (prefers-color-scheme:dark){\n");
  out.put(surroundings_css(in_dark));
  for (int i = 0; i < colour_count; ++i) {
    const Colour& colour = palette[static_cast<std::size_t>(i)];
    out.put(colour_css(i, colour.dark, colour.text_dark));
  }
  out.put("}\n</style>\n<defs>\n");
  for (int i = 0; i < colour_count; ++i) {
    for (int mark = 1; mark < mark_count; ++mark) out.put(pattern(i, mark));
  }
  out.put("</defs>\n");
}

}  // namespace rankmesh::cli
