#pragma once

#include <optional>
#include <vector>

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/topology_text.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// The format of a picture.
enum class DrawFormat { ascii, svg, html, dot };

/// What to draw.
struct DrawRequest {
  /// If empty, all kinds whose groups have several members; kinds with equal groups are drawn once.
  std::vector<GroupKind> kinds{};
  DrawFormat format = DrawFormat::ascii;
  std::optional<int> gpus_per_node{};
  Names names = Names::of_rankmesh;
};

/// Draws the groups of a topology. The output has a bounded size, whatever the world size.
void print_picture(const Topology& topology, const DrawRequest& request, Writer& out, Style style);

}  // namespace rankmesh::cli
