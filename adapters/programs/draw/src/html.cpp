#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "draw/page.hpp"
#include "formats.hpp"
#include "highlight.hpp"
#include "picture.hpp"
#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

Json digits_json(std::span<const Digit> digits) {
  Json json = Json::array();
  for (const Digit& digit : digits) json.push_back({digit.size, digit.stride});
  return json;
}

/// A family in the form that groups.js computes with.
Json family_json(const GroupFamily& family) {
  const GroupFormula formula = family.formula();
  Json json = {{"groupCount", family.group_count()},
               {"groupSize", family.group_size()},
               {"firstGroup", formula.first_group},
               {"inside", digits_json(formula.grouping.inside())},
               {"outside", digits_json(formula.grouping.outside())},
               {"positions", nullptr},
               {"picked", formula.picked}};
  if (const auto& positions = formula.positions) {
    json["positions"] = {{"inside", digits_json(positions->inside())},
                         {"outside", digits_json(positions->outside())}};
  }
  return json;
}

/// The kinds that the page can highlight, in the order of creation.
class KindsJson {
 public:
  explicit KindsJson(const Picture& picture)
      : picture_(picture),
        usual_(highlighted_at_first(picture)),
        next_other_(usual_.size()) {
    for (const KindFamily& kind : picture.topology().kinds()) {
      if (picture.request().kinds.empty() || has_panel(kind)) add(kind);
    }
  }

  [[nodiscard]] const Json& json() const noexcept { return json_; }

 private:
  [[nodiscard]] bool has_panel(const KindFamily& kind) const {
    const auto& panels = picture_.panels();
    return std::any_of(panels.begin(), panels.end(), [&](const Panel& panel) { return panel.kind == &kind; });
  }

  void add(const KindFamily& kind) {
    const bool usual = std::find(usual_.begin(), usual_.end(), &kind) != usual_.end();
    Json json = {{"name", picture_.name(kind)},
                 {"usual", usual},
                 // Selects the colour; the usual kinds come first.
                 {"order", usual ? next_usual_++ : next_other_++},
                 {"sameAs", nullptr},
                 {"nodes", nullptr}};
    for (const Panel& each : picture_.panels()) {
      const auto& same = each.same;
      if (std::find(same.begin(), same.end(), &kind) != same.end()) {
        json["sameAs"] = picture_.name(*each.kind);
      }
    }
    if (const auto node = picture_.request().gpus_per_node) {
      const BlockSpan span = block_span(kind.family, *node);
      json["nodes"] = {span.fewest, span.most};
    }
    json.update(family_json(kind.family));
    json_.push_back(std::move(json));
  }

  const Picture& picture_;
  std::vector<const KindFamily*> usual_;
  std::size_t next_usual_ = 0;
  std::size_t next_other_;
  Json json_ = Json::array();
};

Json meshes_json(const Topology& topology) {
  Json meshes = Json::array();
  for (const Mesh& mesh : topology.meshes()) {
    Json axes = Json::array();
    for (const Axis& axis : mesh.axes()) axes.push_back({axis.name, axis.size});
    const bool has_experts = topology.config().convention == Convention::megatron_core;
    meshes.push_back({{"name", meshes.empty() ? "coordinates"
                               : has_experts  ? "of the experts"
                                              : "and"},
                      {"axes", std::move(axes)}});
    // The second mesh of the reference only serves to define its kinds.
    if (topology.config().convention == Convention::reference) break;
  }
  return meshes;
}

Json page_json(const Picture& picture) {
  const Topology& topology = picture.topology();
  const Tiling& tiling = picture.tiling();
  const auto head = world_lines(topology, picture.request().gpus_per_node);
  Json json = {{"title", head.front()},
               {"facts", std::vector(head.begin() + 1, head.end())},
               {"firstRank", topology.first_rank()},
               {"layoutSize", topology.layout_size()},
               {"begin", picture.first_rank()},
               {"rankCount", picture.rank_count()},
               {"pageSize", tiling.count()},
               {"gpusPerNode", nullptr},
               {"boxColumns", tiling.box_columns()},
               {"columns", tiling.columns()},
               {"columnGaps", tiling.column_gaps()},
               {"rowGaps", tiling.row_gaps()},
               {"colours", colour_count},
               {"meshes", meshes_json(topology)},
               {"kinds", KindsJson(picture).json()},
               {"blocks", nullptr}};
  json["facts"].push_back("configuration: " + to_string(topology.config()));
  if (picture.request().gpus_per_node) json["gpusPerNode"] = *picture.request().gpus_per_node;
  if (const auto& blocks = picture.blocks()) {
    json["facts"].push_back(fmt::format("Shown {} ranks at a time, with an outline of all {}.",
                                        tiling.count(), picture.rank_count()));
    json["blocks"] = {{"first", blocks->first}, {"size", blocks->size}, {"count", blocks->count()}};
  }
  return json;
}

/// JSON that can be embedded in an HTML element.
std::string embedded(const Json& json) {
  std::string result;
  for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

std::string variables(const Surroundings& s, bool dark) {
  std::string css = fmt::format("--page:{};--node:{};--text:{};--faint:{};--line:{};--error:{};--focus:{};",
                                s.page, s.node, s.text, s.faint_text, s.line, s.error, s.focus);
  for (std::size_t i = 0; i < palette.size(); ++i) {
    const Colour& colour = palette[i];
    css += fmt::format("--c{}:{};--t{}:{};", i, dark ? colour.dark : colour.light, i,
                       dark ? colour.text_dark : colour.text_light);
  }
  return css;
}

}  // namespace

void print_html(const Picture& picture, Writer& out) {
  out.put(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // The page loads nothing, and the browser enforces that.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'\">\n");
  out.put(fmt::format("<title>{}</title>\n<style>\n", escaped(picture.head().front())));
  out.put(fmt::format(":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
                      variables(in_light, false), variables(in_dark, true)));
  out.put(page_css);
  out.put("</style>\n</head>\n<body>\n");
  out.put(page_body);
  out.put("<script type=\"application/json\" id=\"data\">");
  out.put(embedded(page_json(picture)));
  out.put("</script>\n<script>\n");
  out.put(page_groups_js);
  out.put("</script>\n<script>\n");
  out.put(page_about_js);
  out.put("</script>\n<script>\n");
  out.put(page_js);
  out.put("</script>\n</body>\n</html>\n");
}

}  // namespace rankmesh::cli
