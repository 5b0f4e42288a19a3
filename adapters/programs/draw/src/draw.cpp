#include "rankmesh/draw/draw.hpp"

#include <fmt/format.h>

#include "formats.hpp"
#include "picture.hpp"

namespace rankmesh::cli {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string short_number(long long number) {
  if (number < 10000) return fmt::format("{}", number);
  if (number < 1000000) return fmt::format("{}k", number / 1000);
  if (number < 10000000) return fmt::format("{}.{}M", number / 1000000, number / 100000 % 10);
  return number < 1000000000 ? fmt::format("{}M", number / 1000000) : fmt::format("{}G", number / 1000000000);
}

bool html_can_draw(const DrawnHosts& hosts) {
  return hosts.cluster.is_uniform() && hosts.placement.is_identity();
}

void print_picture(const Topology& topology, const DrawRequest& given, Writer& out, Style style) {
  DrawRequest request = given;
  // Nodes that are counted need no list of ranks, which would be long in large worlds.
  constexpr int most_listed_ranks = 1 << 22;
  const bool is_counted = request.format == DrawFormat::html || topology.world_size() > most_listed_ranks;
  if (request.hosts && is_counted && html_can_draw(*request.hosts)) {
    request.gpus_per_node = request.hosts->cluster.slots_of_host(0);
    request.hosts.reset();
  }
  switch (request.format) {
    case DrawFormat::ascii:
      return print_ascii(Picture(topology, request, ascii_columns(topology, request)), out, style);
    case DrawFormat::svg:
      return print_svg(Picture(topology, request, svg_columns), out);
    case DrawFormat::html:
      return print_html(Picture(topology, request, svg_columns), out);
    case DrawFormat::dot:
      return print_dot(Picture(topology, request, svg_columns), out);
  }
}

}  // namespace rankmesh::cli
