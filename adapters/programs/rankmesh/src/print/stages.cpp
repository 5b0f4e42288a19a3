#include "print/stages.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "json.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// The numbers 0 .. count - 1, or only the first and last of them, with -1 between both.
std::vector<std::int64_t> shown_of(std::int64_t count, std::int64_t most) {
  std::vector<std::int64_t> shown;
  const std::int64_t ends = most / 2;
  for (std::int64_t i = 0; i < (count > most ? ends : count); ++i) shown.push_back(i);
  if (count <= most) return shown;
  shown.push_back(-1);
  for (std::int64_t i = count - ends; i < count; ++i) shown.push_back(i);
  return shown;
}

std::string range_text(const LayerRange& range) {
  const auto [first, count] = range;
  return count == 1 ? fmt::format("{}", first) : fmt::format("{}-{}", first, first + count - 1);
}

/// `embedding, 1-7`
std::string content_text(const ChunkContent& content) {
  std::vector<std::string> parts;
  if (content.embedding) parts.emplace_back("embedding");
  if (content.layers.count > 0) parts.push_back(range_text(content.layers));
  if (content.mtp.count > 0) parts.push_back("mtp " + range_text(content.mtp));
  if (content.loss) parts.emplace_back("loss");
  return parts.empty() ? "nothing" : joined(parts, ", ");
}

nlohmann::ordered_json content_json(const ChunkContent& content) {
  return {{"embedding", content.embedding},
          {"first", content.layers.first},
          {"last", content.layers.first + content.layers.count - 1},
          {"layers", content.layers.count},
          {"mtp_layers", content.mtp.count},
          {"loss", content.loss}};
}

}  // namespace

void print_stages(const PipelineLayout& layout, std::optional<std::int64_t> own, Writer& out, Style style) {
  const std::string text = layout.to_string();
  out.put(hanging(fmt::format("layers: {} on {}{}", layout.layers(), counted(layout.stages(), "stage"),
                              text.empty() ? "" : ", as a layout string " + text),
                  style.width()) +
          "\n\n");
  const std::vector<std::int64_t> virtual_stages = shown_of(layout.virtual_stages(), 8);
  std::vector<Table::Column> columns{{"stage", Table::Align::right}};
  for (const std::int64_t v : virtual_stages) {
    const std::string heading = v < 0 ? "..." : fmt::format("virtual stage {}", v);
    columns.push_back({layout.virtual_stages() == 1 ? "layers" : heading});
  }
  columns.push_back({""});
  Table table(std::move(columns));
  for (const std::int64_t stage : shown_of(layout.stages(), 32)) {
    std::vector<Table::Cell> cells{{stage < 0 ? "..." : fmt::format("{}", stage), Table::Colour::cyan}};
    for (const std::int64_t v : virtual_stages) {
      cells.push_back(
          {stage < 0 || v < 0 ? "..." : content_text(layout.chunk({.stage = stage, .virtual_stage = v}))});
    }
    cells.push_back({stage == own ? "this rank" : ""});
    table.add(std::move(cells));
  }
  table.print(out, style);
}

void put_stages_json(const PipelineLayout& layout, Writer& out) {
  const std::string text = layout.to_string();
  nlohmann::ordered_json json = {{"layers", layout.layers()},
                                 {"mtp_layers", layout.mtp_layers()},
                                 {"virtual_stages", layout.virtual_stages()},
                                 {"text", nullptr},
                                 {"stages", nullptr}};
  if (!text.empty()) json["text"] = text;
  if (layout.chunks() <= longest_list) {
    json["stages"] = nlohmann::ordered_json::array();
    for (std::int64_t stage = 0; stage < layout.stages(); ++stage) {
      nlohmann::ordered_json chunks = nlohmann::ordered_json::array();
      for (std::int64_t v = 0; v < layout.virtual_stages(); ++v)
        chunks.push_back(content_json(layout.chunk({.stage = stage, .virtual_stage = v})));
      json["stages"].push_back(std::move(chunks));
    }
  }
  out.put(json.dump());
}

}  // namespace rankmesh::cli
