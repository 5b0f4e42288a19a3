#pragma once

#include <optional>
#include <vector>

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/topology_text.hpp"
#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/placement.hpp"

namespace rankmesh::cli {

/// The format of a picture.
enum class DrawFormat { ascii, svg, html, dot };

/// Where the ranks run.
struct DrawnHosts {
  Cluster cluster;
  Placement placement;
};

/// What to draw.
struct DrawRequest {
  /// If empty, all kinds whose groups have several members; kinds with equal groups are drawn once.
  std::vector<GroupKind> kinds{};
  DrawFormat format = DrawFormat::ascii;
  /// Draws the ranks of nodes with this many GPUs in boxes.
  std::optional<int> gpus_per_node{};
  /// Draws the hosts that have ranks as boxes with the ranks on their slots; `gpus_per_node` is then not
  /// read. The html format takes it only if `html_can_draw`.
  std::optional<DrawnHosts> hosts{};
  Names names = Names::of_rankmesh;
};

/// Whether the html format can draw the ranks on hosts: ranks in order on hosts of one size.
[[nodiscard]] bool html_can_draw(const DrawnHosts& hosts);

/// Draws the groups of a topology. The output has a bounded size, whatever the world size.
void print_picture(const Topology& topology, const DrawRequest& request, Writer& out, Style style);

}  // namespace rankmesh::cli
