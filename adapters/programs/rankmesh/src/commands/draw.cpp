#include "rankmesh/draw/draw.hpp"

#include "layout_command.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

class DrawCommand : public LayoutCommand {
 public:
  DrawCommand()
      : LayoutCommand(
            {.name = "draw",
             .summary = "Pictures of the groups, for terminal, page and browser",
             .notes = {{"Of more than 1024 ranks, a part is drawn in detail and the whole in outline. "
                        "docs/draw.md "
                        "has pictures."}},
             .examples = {"rankmesh draw --world-size 16 --tp 2 --pp 4",
                          "rankmesh draw --world-size 16 --tp 2 --pp 4 --format svg > layout.svg",
                          "rankmesh draw --world-size 64 --tp 8 --pp 4 --gpus-per-node 8 --format html > "
                          "layout.html",
                          "rankmesh draw --world-size 16 --tp 2 --pp 4 --cluster hosts.txt --placement "
                          "ranks.txt",
                          "rankmesh draw --world-size 16 --tp 2 --kind tensor --format dot | dot -Tpdf > "
                          "tensor.pdf"}}),
        cluster_(*this),
        kinds_(*this, "those whose groups have several members, equal ones once"),
        // In the order of DrawFormat.
        format_(add_format(*this,
                           {{"ascii", "text for the terminal, in colour"},
                            {"svg", "a picture for light and dark pages"},
                            {"html", "one file for the browser: point at a rank to see its groups"},
                            {"dot", "input for Graphviz"}},
                           "what to draw")) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const OptionReading reading = read_config(problems);
    const auto gpus_per_node = read_gpus_per_node(problems);
    const auto where = cluster_.read(reading, gpus_per_node, problems);
    DrawRequest request{.kinds = kinds_.read(reading, problems),
                        .format = static_cast<DrawFormat>(choice_of(format_, problems).value_or(0)),
                        .gpus_per_node = gpus_per_node,
                        .names = read_names(problems)};
    if (where) request.hosts = DrawnHosts{where->cluster, where->placement};
    if (where && request.format == DrawFormat::html && !html_can_draw(*request.hosts)) {
      problems.push_back(
          "--format: html draws ranks in order on hosts of one size; svg, ascii and dot draw this placement");
    }
    if (!problems.empty()) return {};
    return task_on(
        reading, request.gpus_per_node,
        [request](const Topology& topology, Writer& out, Style style) {
          print_picture(topology, request, out, style);
        },
        where);
  }

 private:
  ClusterOptions cluster_;
  KindsOption kinds_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_draw_command() {
  return std::make_unique<DrawCommand>();
}

}  // namespace rankmesh::cli
