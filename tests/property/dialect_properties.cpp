// Layouts said in a dialect and read back have the same groups.

#include <map>
#include <string>
#include <vector>

#include "generators.hpp"
#include "rankmesh/topology/compare.hpp"
#include "rankmesh/topology/dialect.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/mesh_oracle.hpp"

using namespace rankmesh;
using rankmesh::tests::lists_of;
using rankmesh::tests::mesh_lists;
using rankmesh::tests::shuffled;
using rankmesh::tests::some_axes;

namespace {

/// A layout of Megatron-Core with axes in any order, with experts half of the time.
ParallelConfig some_layout() {
  ParallelConfig config{.convention = Convention::megatron_core};
  config.tensor = *rc::gen::inRange<std::int64_t>(1, 4);
  config.context = *rc::gen::inRange<std::int64_t>(1, 4);
  config.pipeline = *rc::gen::inRange<std::int64_t>(1, 4);
  const auto data = *rc::gen::inRange<std::int64_t>(1, 9);
  config.world_size = config.tensor * config.context * config.pipeline * data;
  if (*rc::gen::arbitrary<bool>()) {
    ParallelConfig other = config;
    other.expert = *rc::gen::inRange<std::int64_t>(1, 9);
    if (*rc::gen::arbitrary<bool>()) other.expert_tensor = 1;
    if (check(other).empty()) config = other;
  }
  ParallelConfig other = config;
  other.order.clear();
  for (const std::string& axis : shuffled<std::string>({"tp", "cp", "ep", "dp", "pp"})) {
    other.order += (other.order.empty() ? "" : "-") + axis;
  }
  if (*rc::gen::arbitrary<bool>() && check(other).empty()) config = other;
  return config;
}

}  // namespace

TEST_CASE("what is said in a dialect is read back with the same groups", "[property]") {
  std::map<Dialect, int> said;
  std::map<Dialect, int> compared;
  CHECK(rc::check("round trip", [&] {
    const ParallelConfig config = some_layout();
    const Topology topology(config);
    for (const Dialect dialect : dialects()) {
      std::string text;
      try {
        text = write_dialect(dialect, config);
      } catch (const ConfigError&) {
        continue;
      }
      ++said[dialect];
      RC_LOG() << name_of(dialect) << ": " << text << std::endl;
      const Topology again(read_dialect(dialect, text));
      RC_ASSERT(again.world_size() == topology.world_size());
      for (const KindComparison& kind : compare(topology, again)) {
        if (!kind.in_a || !kind.in_b) continue;
        if (kind.first) RC_LOG() << kind.in_a->name() << " differs at rank " << kind.first->rank << std::endl;
        RC_ASSERT(!kind.first);
        ++compared[dialect];
      }
    }
  }));
  for (const Dialect dialect : dialects()) {
    INFO(name_of(dialect));
    CHECK(said[dialect] > 100);
    CHECK(compared[dialect] > 200);
  }
}

TEST_CASE("the axes of a DeviceMesh have the groups of nested loops, the last the fastest", "[property]") {
  CHECK(rc::check("devicemesh", [] {
    const std::vector<Axis> axes = some_axes();
    std::string shape;
    std::string names;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
      shape += (shape.empty() ? "" : ",") + std::to_string(axis->size);
      names += (names.empty() ? "" : ",") + axis->name;
    }
    const Topology topology(read_dialect(Dialect::devicemesh, "shape=" + shape + " names=" + names));
    for (std::size_t i = 0; i < axes.size(); ++i) {
      RC_ASSERT(lists_of(topology.kinds()[i].family) == mesh_lists(axes, {axes[i].name}));
    }
  }));
}

TEST_CASE("any text in any dialect is read, or refused with words", "[property]") {
  int refused = 0;
  CHECK(rc::check("garbage", [&] {
    const auto word = rc::gen::element<std::string>(
        "tp", "=", "2", "-1", ",", " ", "shape", "names", "axes", "dims", "(", "]", "dp", "order", "tp-dp",
        "sizes", "ep", "world", "x", "99999999999999999999", "=4 ", "rank_offset=", "experts=folded");
    std::string text;
    for (const std::string& part : *rc::gen::container<std::vector<std::string>>(word)) text += part;
    for (const Dialect dialect : dialects()) {
      try {
        static_cast<void>(read_dialect(dialect, text, 16));
      } catch (const ConfigError& error) {
        RC_ASSERT(!error.violations().empty());
        ++refused;
      }
    }
  }));
  CHECK(refused > 1000);
}
