#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>

#include "layout_command.hpp"
#include "rankmesh/draw/draw.hpp"

namespace rankmesh::cli {
namespace {

/// In the order of DrawFormat.
constexpr std::array<std::string_view, 4> draw_formats{"ascii", "svg", "html", "dot"};

constexpr const char* draw_examples =
    "  ascii  for the terminal, in colour\n"
    "  svg    a picture, for light and dark pages\n"
    "  html   one file for the browser: point at a rank to see its groups\n"
    "  dot    for Graphviz\n"
    "More than 1024 ranks are drawn in part, and as a whole from afar. docs/draw.md has pictures.\n"
    "\n"
    "Examples\n"
    "  rankmesh draw --world-size 16 --tp 2 --pp 4\n"
    "  rankmesh draw --world-size 16 --tp 2 --pp 4 --format svg > layout.svg\n"
    "  rankmesh draw --world-size 64 --tp 8 --pp 4 --gpus-per-node 8 --format html > layout.html\n"
    "  rankmesh draw --world-size 16 --tp 2 --kind tensor --format dot | dot -Tpdf > tensor.pdf";

class DrawCommand : public LayoutCommand {
 public:
  explicit DrawCommand(CLI::App& program)
      : LayoutCommand(program, "draw", "Pictures of the groups, for terminal, page and browser"),
        kinds_(app(), "\n[those whose groups have several members, equal ones once]"),
        format_(add_value(app(), {.name = "--format",
                                  .value_name = "FORMAT",
                                  .description = "ascii, svg, html or dot [ascii]",
                                  .choices = {draw_formats.begin(), draw_formats.end()}})) {
    app().footer(draw_examples);
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const ConfigReading reading = read_config(problems);
    const DrawRequest request{
        .kinds = kinds_.read(reading, problems),
        .format = static_cast<DrawFormat>(choice_of(*format_, draw_formats, problems).value_or(0)),
        .gpus_per_node = read_gpus_per_node(problems),
        .names = read_names(problems)};
    if (!problems.empty()) return {};
    return task_on(reading.config, request.gpus_per_node,
                   [request](const Topology& topology, Writer& out, Style style) {
                     print_picture(topology, request, out, style);
                   });
  }

 private:
  KindsOption kinds_;
  CLI::Option* format_;
};

}  // namespace

std::unique_ptr<Command> add_draw_command(CLI::App& program) {
  return std::make_unique<DrawCommand>(program);
}

}  // namespace rankmesh::cli
