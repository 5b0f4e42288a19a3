// Layouts in the words of other systems: the first byte chooses the dialect, the second the size of the
// world.

#include "rankmesh/dialects/dialect.hpp"
#include "fuzz.hpp"
#include "groups.hpp"
#include "rankmesh/topology/compare.hpp"

using rankmesh::check;
using rankmesh::compare;
using rankmesh::KindComparison;
using rankmesh::ParallelConfig;
using rankmesh::Topology;
using rankmesh::dialects::Dialect;
using rankmesh::tests::accepts;
using rankmesh::tests::Input;
using rankmesh::tests::require;
using rankmesh::tests::require_groups;

namespace {

/// Worlds above this are not compared: that may take the time of all their ranks.
constexpr int largest_compared = 4096;

void require_same_groups(const Topology& a, const Topology& b) {
  require(a.world_size() == b.world_size(), "a translation has as many ranks");
  for (const KindComparison& kind : compare(a, b)) {
    require(!kind.in_a || !kind.in_b || !kind.first, "a translation has the same groups");
  }
}

/// Where another dialect, or the same, has words for a layout, they mean the same groups.
void require_translations(const ParallelConfig& config) {
  const Topology topology(config);
  if (topology.world_size() > largest_compared) return;
  for (const Dialect dialect : rankmesh::dialects::all()) {
    std::string text;
    if (!accepts([&] { text = rankmesh::dialects::write(dialect, config); })) continue;
    bool reads_back =
        accepts([&] { require_same_groups(topology, Topology(rankmesh::dialects::read(dialect, text))); });
    require(reads_back, "what was written in a dialect can be read in it");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const Dialect dialect = rankmesh::dialects::all()[input.number(rankmesh::dialects::all().size())];
  const std::size_t ranks = input.number(128);
  const auto world_size = ranks == 0 ? std::nullopt : std::optional(static_cast<std::int64_t>(ranks));
  ParallelConfig config;
  if (!accepts([&] { config = rankmesh::dialects::read(dialect, input.text(), world_size); })) return 0;
  require(check(config).empty(), "a layout that was read is valid");
  require(!world_size || config.world_size == *world_size, "and has the ranks asked for");
  require_groups(config);
  require_translations(config);
  return 0;
}
