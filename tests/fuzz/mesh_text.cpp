// Axes and kinds of custom meshes: each line of the input is read as axes and as a kind, and all lines
// together as a layout.

#include <string>
#include <vector>

#include "fuzz.hpp"
#include "groups.hpp"
#include "rankmesh/topology/mesh_text.hpp"

using rankmesh::Axis;
using rankmesh::check;
using rankmesh::KindSpec;
using rankmesh::Mesh;
using rankmesh::ParallelConfig;
using rankmesh::parse_axes;
using rankmesh::parse_kind;
using rankmesh::Topology;
using rankmesh::tests::accepts;
using rankmesh::tests::Input;
using rankmesh::tests::require;
using rankmesh::tests::require_groups;

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

/// Axes make a mesh that numbers its ranks as it says, or are refused.
void require_mesh(const std::vector<Axis>& axes, std::int64_t world_size) {
  accepts([&] {
    const Mesh mesh(fill_in(axes, world_size));
    const int last = mesh.world_size() - 1;
    require(mesh.rank_at(mesh.coordinates(last)) == last, "coordinates lead back to their rank");
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  ParallelConfig config{.world_size = static_cast<std::int64_t>(input.number(256)),
                        .convention = rankmesh::Convention::mesh};
  for (const std::string_view line : lines_of(input.text())) {
    accepts([&] {
      const std::vector<Axis> axes = parse_axes(line);
      require(parse_axes(to_string(axes)) == axes, "axes that were read, read back");
      require_mesh(axes, config.world_size);
      config.meshes.push_back(axes);
    });
    accepts([&] {
      const KindSpec kind = parse_kind(line);
      require(parse_kind(to_string(kind)) == kind, "a kind that was read, reads back");
      config.kinds.push_back(kind);
    });
  }
  const bool accepted = accepts([&] { static_cast<void>(Topology(config)); });
  require(accepted == check(config).empty(), "a topology is made where the check finds nothing");
  if (accepted) require_groups(config);
  return 0;
}
