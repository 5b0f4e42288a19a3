#pragma once

#include <optional>
#include <vector>

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/topology_text.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// What a picture is drawn for.
enum class DrawFormat { ascii, svg, html, dot };

struct DrawRequest {
  /// Those wanted; if empty, those whose groups have several members, the same groups once.
  std::vector<GroupKind> kinds{};
  DrawFormat format = DrawFormat::ascii;
  std::optional<int> gpus_per_node{};
  Names names = Names::of_rankmesh;
};

/// Draws the groups of a topology. The output has a bounded size, whatever the world size.
void print_picture(const Topology& topology, const DrawRequest& request, Writer& out, Style style);

}  // namespace rankmesh::cli
