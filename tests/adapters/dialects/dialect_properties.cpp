// Layouts that are written in a dialect and read back have the same groups.

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/dialects/dialect.hpp"
#include "rankmesh/topology/compare.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/kind_names.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/generators.hpp"
#include "support/lists.hpp"
#include "support/mesh_oracle.hpp"

using namespace rankmesh;
using dialects::Dialect;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of;
using rankmesh::tests::mesh_lists;
using rankmesh::tests::names_of;
using rankmesh::tests::share_of;
using rankmesh::tests::shuffled;
using rankmesh::tests::some_axes;
using rankmesh::tests::some_of;
using rankmesh::tests::valid_config;

namespace {

/// A layout of Megatron-Core with a random order of axes, and with experts in half of the cases.
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

/// Sequence parallelism combined with all other sizes.
ParallelConfig some_extended() {
  ParallelConfig config = valid_config();
  config.convention = Convention::extended;
  config.amax_rule = AmaxRule::reference_blocks;
  config.sequence = *rc::gen::inRange<std::int64_t>(1, 4);
  config.tensor = *rc::gen::inRange<std::int64_t>(1, 4);
  config.world_size = config.tensor * config.pipeline * config.sequence * 4;
  return config;
}

std::string some_size(std::int64_t end) {
  return std::to_string(*rc::gen::inRange<std::int64_t>(1, end));
}

/// The number of experts, and of the data shards that they divide.
std::pair<std::string, std::string> experts_and_shards() {
  const auto experts = *rc::gen::inRange<std::int64_t>(1, 5);
  return {std::to_string(experts), std::to_string(experts * *rc::gen::inRange<std::int64_t>(1, 4))};
}

ParallelConfig some_torchtitan() {
  const auto [experts, shards] = experts_and_shards();
  return dialects::read(Dialect::torchtitan, "dp_replicate=" + some_size(4) + " dp_shard=" + shards +
                                                 " cp=" + some_size(4) + " tp=" + some_size(4) +
                                                 " pp=" + some_size(4) + " ep=" + experts);
}

ParallelConfig some_deepspeed() {
  const auto [experts, data] = experts_and_shards();
  const auto convention = *rc::gen::element<std::string>("classic", "folded", "data-before-experts");
  return dialects::read(Dialect::deepspeed, "axes=pipe,data,model dims=" + some_size(4) + "," + data + "," +
                                                some_size(4) + " ep=" + experts + " experts=" + convention);
}

/// Axes in random order, at a random place in a job.
ParallelConfig some_devicemesh() {
  std::vector<Axis> axes = some_axes();
  ParallelConfig config{.world_size = Mesh(axes).world_size(), .convention = Convention::mesh};
  if (*rc::gen::inRange(0, 4) == 0) config.rank_offset = *rc::gen::inRange<std::int64_t>(0, 9);
  for (const Axis& axis : axes) config.kinds.push_back({axis.name, {.varying = {axis.name}}});
  config.kinds.push_back({"some", {.varying = some_of(names_of(axes))}});
  config.meshes.push_back(std::move(axes));
  return config;
}

ParallelConfig any_layout() {
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      return valid_config();
    case 1:
      return some_extended();
    case 2:
      return some_torchtitan();
    case 3:
      return some_deepspeed();
    case 4:
      return some_devicemesh();
    default:
      return some_layout();
  }
}

/// Checks that the kinds of both layouts are equal. Returns how many there are.
int require_equal_kinds(const Topology& a, const Topology& b) {
  int compared = 0;
  for (const KindComparison& kind : compare(a, b)) {
    if (!kind.in_a || !kind.in_b) continue;
    if (kind.first) RC_LOG() << kind.in_a->name() << " differs at rank " << kind.first->rank << std::endl;
    RC_ASSERT(!kind.first);
    ++compared;
  }
  return compared;
}

bool is_data(const std::string& axis) {
  return axis == "dp" || axis == "edp" || axis == "efsdp" || axis.starts_with("dp_");
}

/// The kind that a dialect has for an axis; empty if its kind combines several axes.
std::string kind_in(Dialect dialect, const std::string& axis, bool is_of_experts) {
  const bool is_torchtitan = dialect == Dialect::torchtitan;
  if (axis == "tp" && is_of_experts && dialect != Dialect::devicemesh) return "";
  if (axis == "dp") return is_torchtitan ? "dp_shard" : "data";
  // Shards and replicas are one axis in some dialects and two in others; `compare` checks the kinds of both.
  if (axis == "edp" && is_torchtitan) return "";
  if (is_data(axis) && axis != "edp" && dialect != Dialect::devicemesh && !is_torchtitan) return "";
  if (axis == "etp" && dialect == Dialect::deepspeed) return "";
  if (axis == "etp") return "expert_tensor";
  if (axis == "edp") return "expert_data";
  const GroupKind kind = long_name_of(GroupKind(axis));
  return std::string(kind.name());
}

/// The second mesh of the reference is for its amax groups, which are not axes.
std::size_t mesh_count(const Topology& topology) {
  const Convention convention = topology.config().convention;
  const bool is_reference = convention == Convention::reference || convention == Convention::extended;
  return is_reference ? 1 : topology.meshes().size();
}

/// Checks that the axes of the layout that was read back have the groups computed by nested loops. Returns
/// the number of axes checked.
int require_axes(const Topology& topology, std::size_t mesh, Dialect dialect, const Topology& again) {
  const std::span<const Axis> axes = topology.meshes()[mesh].axes();
  if (mesh > 0 && again.meshes().size() == 1) return 0;
  int looked_at = 0;
  for (const Axis& axis : axes) {
    const std::string kind = kind_in(dialect, axis.name, mesh > 0);
    if (axis.size == 1 || kind.empty()) continue;
    Lists expected = mesh_lists({axes.begin(), axes.end()}, {axis.name});
    for (std::vector<int>& list : expected) {
      for (int& rank : list) rank += topology.first_rank();
    }
    Lists lists = lists_of(again.family(GroupKind(kind)));
    std::sort(lists.begin(), lists.end());
    std::sort(expected.begin(), expected.end());
    RC_LOG() << "axis " << axis.name << " as " << kind << std::endl;
    RC_ASSERT(lists == expected);
    ++looked_at;
  }
  return looked_at;
}

struct Count {
  int said = 0;
  int kinds = 0;
  int axes = 0;
  int with_experts = 0;
};

}  // namespace

TEST_CASE("what is said in a dialect is read back with the same groups", "[property]") {
  std::map<Dialect, Count> counts;
  CHECK(rc::check("round trip", [&] {
    const Topology topology(any_layout());
    RC_LOG() << "layout: " << to_string(topology.config()) << std::endl;
    for (const Dialect dialect : dialects::all()) {
      std::string text;
      try {
        text = dialects::write(dialect, topology.config());
      } catch (const ConfigError&) {
        continue;
      }
      RC_LOG() << name_of(dialect) << ": " << text << std::endl;
      const Topology again(dialects::read(dialect, text));
      RC_ASSERT(again.world_size() == topology.world_size());
      if (dialect == Dialect::rankmesh) RC_ASSERT(again == topology);
      Count& count = counts[dialect];
      ++count.said;
      count.kinds += require_equal_kinds(topology, again);
      if (dialect == Dialect::rankmesh) continue;
      for (std::size_t mesh = 0; mesh < mesh_count(topology); ++mesh) {
        const int axes = require_axes(topology, mesh, dialect, again);
        count.axes += axes;
        if (mesh > 0 && axes > 0) ++count.with_experts;
      }
    }
  }));
  for (const Dialect dialect : dialects::all()) {
    INFO(name_of(dialect));
    CHECK(counts[dialect].said > share_of(100));
    CHECK(counts[dialect].kinds > share_of(200));
    if (dialect == Dialect::rankmesh) continue;
    CHECK(counts[dialect].axes > share_of(200));
    if (dialect != Dialect::inner_to_outer) CHECK(counts[dialect].with_experts > share_of(50));
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
    const Topology topology(dialects::read(Dialect::devicemesh, "shape=" + shape + " names=" + names));
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
    for (const Dialect dialect : dialects::all()) {
      try {
        static_cast<void>(dialects::read(dialect, text, 16));
      } catch (const ConfigError& error) {
        RC_ASSERT(!error.diagnostics().empty());
        ++refused;
      }
    }
  }));
  CHECK(refused > share_of(1000));
}

namespace {

/// A text as words with sizes, of which some may belong to a list.
struct SizedText {
  Dialect dialect;
  /// The names with their sizes. Where `names_word` is not empty, all but those of `words` form two lists.
  std::vector<Axis> sizes;
  std::string names_word{};
  std::string sizes_word{};
  std::vector<Axis> words{};

  [[nodiscard]] std::string text() const {
    std::string names;
    std::string values;
    std::string result;
    for (const Axis& size : sizes) {
      names += (names.empty() ? "" : ",") + size.name;
      values += (values.empty() ? "" : ",") + std::to_string(size.size);
      if (names_word.empty()) result += size.name + "=" + std::to_string(size.size) + " ";
    }
    if (!names_word.empty()) result = names_word + "=" + names + " " + sizes_word + "=" + values + " ";
    for (const Axis& word : words) result += word.name + "=" + std::to_string(word.size) + " ";
    return result;
  }

  void set(const std::string& name, std::int64_t value) {
    for (std::vector<Axis>* list : {&sizes, &words}) {
      for (Axis& size : *list) {
        if (size.name == name) size.size = value;
      }
    }
  }
};

std::vector<Axis> with_sizes(const std::vector<std::string>& names) {
  std::vector<Axis> axes;
  for (const std::string& name : names) axes.push_back({name, *rc::gen::inRange<std::int64_t>(0, 7)});
  return axes;
}

SizedText some_sized_text() {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return {Dialect::megatron, with_sizes({"tp", "pp", "cp", "ep", "optimizer_instances"})};
    case 1:
      return {Dialect::torchtitan, with_sizes({"tp", "pp", "cp", "ep", "dp_replicate"})};
    case 2:
      return {Dialect::deepspeed, with_sizes({"pipe", "data", "model"}), "axes", "dims", with_sizes({"ep"})};
    case 3:
      return {Dialect::devicemesh, with_sizes({"pp", "dp", "tp"}), "names", "shape"};
    default:
      return {Dialect::inner_to_outer, with_sizes({"tp", "cp", "dp"}), "order", "sizes"};
  }
}

}  // namespace

TEST_CASE("every value suggested for a text works, and its name is in the text", "[property]") {
  std::map<Dialect, int> applied;
  CHECK(rc::check("suggestions", [&] {
    for (int i = 0; i < (rankmesh::tests::all_cases() ? 20 : 12); ++i) {
      const SizedText text = some_sized_text();
      const auto world = *rc::gen::element<std::int64_t>(8, 12, 16, 24, 64);
      std::vector<Diagnostic> diagnostics;
      try {
        static_cast<void>(dialects::read(text.dialect, text.text(), world));
        continue;
      } catch (const ConfigError& error) {
        diagnostics.assign(error.diagnostics().begin(), error.diagnostics().end());
      }
      for (const Diagnostic& diagnostic : diagnostics) {
        RC_LOG() << text.text() << "in a world of " << world << ": " << diagnostic.message() << std::endl;
        RC_ASSERT(diagnostic.field == "layout" || text.text().find(diagnostic.field) != std::string::npos);
        for (const std::int64_t value : diagnostic.nearest) {
          SizedText changed = text;
          changed.set(diagnostic.field, value);
          RC_ASSERT(changed.text() != text.text());
          try {
            static_cast<void>(dialects::read(text.dialect, changed.text(), world));
          } catch (const ConfigError& error) {
            RC_LOG() << "  " << value << " leaves " << error.what() << std::endl;
            RC_ASSERT(diagnostics.size() > 1);
            for (const Diagnostic& left : error.diagnostics()) RC_ASSERT(left.field != diagnostic.field);
          }
          ++applied[text.dialect];
        }
      }
    }
  }));
  for (const Dialect dialect : dialects::all()) {
    INFO(name_of(dialect));
    if (dialect != Dialect::rankmesh) CHECK(applied[dialect] > share_of(20));
  }
}
