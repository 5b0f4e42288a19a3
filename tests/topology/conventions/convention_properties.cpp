// Topologies of random configurations of every convention, against lists made the slow way.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/comm/plan.hpp"
#include "rankmesh/topology/invariants.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/family_check.hpp"
#include "support/generators.hpp"
#include "support/lists.hpp"
#include "support/megatron_core_vectors.hpp"
#include "support/mesh_oracle.hpp"

using namespace rankmesh;
using rankmesh::tests::assert_agrees;
using rankmesh::tests::config_of;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of;
using rankmesh::tests::MegatronCoreCase;
using rankmesh::tests::mesh_lists;
using rankmesh::tests::NamedLists;
using rankmesh::tests::names_of;
using rankmesh::tests::share_of;
using rankmesh::tests::shuffled;
using rankmesh::tests::small_size;
using rankmesh::tests::some_axes;
using rankmesh::tests::some_of;

namespace {

bool one_in(int n) {
  return *rc::gen::inRange(0, n) == 0;
}

int size_up_to(int most) {
  return *rc::gen::inRange(1, most + 1);
}

std::string some_order(bool complete) {
  std::vector<std::string> axes = complete ? shuffled<std::string>({"tp", "cp", "ep", "dp", "pp"})
                                           : some_of<std::string>({"tp", "cp", "ep", "dp", "pp"});
  // Orders with pp last are drawn more often: most other orders are refused.
  if (!one_in(3) && std::erase(axes, "pp") > 0) axes.emplace_back("pp");
  std::string order;
  for (const std::string& axis : axes) order += (order.empty() ? "" : "-") + axis;
  return order.empty() ? "dp" : order;
}

std::vector<int> some_levels(int product) {
  std::vector<int> levels;
  while (product > 1) {
    int level = product;
    for (int candidate = 2; candidate < product; ++candidate) {
      if (product % candidate == 0 && *rc::gen::arbitrary<bool>()) level = candidate;
    }
    levels.push_back(level);
    product /= level;
  }
  return shuffled(levels);
}

std::vector<int> some_stages(int pp) {
  std::vector<int> all;
  for (int stage = 0; stage < pp; ++stage) all.push_back(stage);
  std::vector<int> stages = some_of(all);
  if (stages.empty()) stages.push_back(0);
  return stages;
}

/// A case of at most some hundred ranks; about half of them are sound.
MegatronCoreCase some_case() {
  MegatronCoreCase job;
  job.tp = size_up_to(3);
  job.cp = size_up_to(4);
  job.pp = size_up_to(3);
  const int unit = job.tp * job.cp * job.pp;
  job.world = unit * size_up_to(4);
  if (*rc::gen::arbitrary<bool>()) job.ep = size_up_to(4);
  if (*rc::gen::arbitrary<bool>()) job.etp = size_up_to(3);
  if (one_in(5)) job.gtp = size_up_to(3);
  if (one_in(5)) job.egtp = size_up_to(3);
  if (one_in(4)) job.world += size_up_to(4);
  job.order = some_order(!one_in(4));
  if (one_in(3)) job.ndo = size_up_to(4);
  if (one_in(3)) job.hcp = some_levels(job.cp);
  job.hybrid = one_in(4);
  if (one_in(4)) job.vpp = size_up_to(3);
  if (one_in(3) && job.pp > 1) job.embd_stages = some_stages(job.pp);
  if (one_in(3) && job.pp > 1) job.pos_embd_stages = some_stages(job.pp);
  if (one_in(4)) {
    job.local_world = job.world;
    job.rank_offset = *rc::gen::inRange(0, 5);
    job.world += *rc::gen::inRange(0, 9);
  }
  RC_LOG() << "case: " << to_string(config_of(job)) << std::endl;
  return job;
}

MegatronCoreCase some_sound_case() {
  for (int tries = 0; tries < 50; ++tries) {
    const MegatronCoreCase job = some_case();
    if (tests::why_refused(job).empty()) return job;
  }
  return {.world = 8, .tp = 2};
}

/// What a split by color and key makes of all ranks' calls.
Lists made_by(const CommunicatorPlan& plan, std::size_t step, int groups) {
  std::map<std::pair<int, int>, int> members;
  for (int rank = 0; rank < plan.topology().world_size(); ++rank) {
    const RankStep call = plan.for_rank(rank)[step];
    if (call.group) RC_ASSERT(members.emplace(std::pair(*call.group, call.position), rank).second);
  }
  Lists lists(static_cast<std::size_t>(groups));
  for (const auto& [place, rank] : members) lists[static_cast<std::size_t>(place.first)].push_back(rank);
  return lists;
}

void assert_sound(const Topology& topology) {
  for (const BrokenInvariant& broken : check_invariants(topology)) RC_FAIL(broken.message);
  const CommunicatorPlan plan(topology);
  std::map<Lists, std::size_t> step_of;
  for (const KindFamily& kind : topology.kinds()) {
    const PlannedKind& planned = plan.kind(kind.kind);
    RC_ASSERT(planned.step.has_value() == (kind.family.group_size() > 1));
    if (!planned.step) continue;
    Lists made = made_by(plan, *planned.step, plan.steps()[*planned.step].group_count);
    Lists expected = lists_of(kind.family);
    if (!planned.is_shared) RC_ASSERT(made == expected);
    std::sort(made.begin(), made.end());
    std::sort(expected.begin(), expected.end());
    RC_ASSERT(made == expected);
    // Two kinds share a step exactly if they have the same lists.
    const auto [first, is_new] = step_of.emplace(expected, *planned.step);
    if (first->second != *planned.step) RC_LOG() << kind.kind.name() << " has a step of its own" << std::endl;
    RC_ASSERT(first->second == *planned.step);
  }
}

/// Groups of a mesh, with slices and numberings, by looking at every rank's coordinates.
Lists spec_lists(const std::vector<Axis>& axes, const GroupSpec& spec) {
  const Mesh mesh(axes);
  std::vector<std::string> numbering = spec.numbering;
  for (const Axis& axis : axes) {
    const auto is_named = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), axis.name) != names.end();
    };
    if (!is_named(spec.varying) && !is_named(numbering)) numbering.push_back(axis.name);
  }
  // Keyed by the coordinates of a group, the fastest axis last, so that keys and groups have the same order.
  std::map<std::vector<int>, std::vector<int>> groups;
  for (int rank = 0; rank < mesh.world_size(); ++rank) {
    const bool inside = std::all_of(spec.at.begin(), spec.at.end(), [&](const Coordinate& at) {
      return mesh.coordinate(rank, at.axis) == at.value;
    });
    if (!inside) continue;
    std::vector<int> key;
    for (auto axis = numbering.rbegin(); axis != numbering.rend(); ++axis) {
      key.push_back(mesh.coordinate(rank, *axis));
    }
    groups[key].push_back(rank);
  }
  Lists lists;
  for (auto& [key, ranks] : groups) lists.push_back(std::move(ranks));
  return lists;
}

/// Some axes vary, some others are fixed or number the groups first.
GroupSpec some_groups(const std::vector<Axis>& axes) {
  GroupSpec spec;
  for (const Axis& axis : shuffled(axes)) {
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        spec.at.push_back({axis.name, *rc::gen::inRange<std::int64_t>(0, axis.size)});
        break;
      case 1:
        spec.numbering.push_back(axis.name);
        break;
      case 2:
        spec.varying.push_back(axis.name);
        break;
      default:
        break;
    }
  }
  if (spec.varying.empty() && spec.at.empty() && spec.numbering.empty()) spec.varying.push_back(axes[0].name);
  return spec;
}

ParallelConfig extended_config() {
  ParallelConfig config{.convention = Convention::extended};
  config.tensor = size_up_to(4);
  config.pipeline = size_up_to(4);
  config.sequence = size_up_to(4);
  config.world_size = config.tensor * config.pipeline * config.sequence * size_up_to(6);
  config.fp8 = *rc::gen::arbitrary<bool>();
  if (config.pipeline > 1 && one_in(2))
    config.split_rank = *rc::gen::inRange<std::int64_t>(0, config.pipeline);
  RC_LOG() << "configuration: " << to_string(config) << std::endl;
  return config;
}

}  // namespace

TEST_CASE("Megatron-Core: a configuration is valid exactly if the oracle accepts it", "[property]") {
  int sound = 0;
  int refused = 0;
  CHECK(rc::check("sound", [&] {
    const MegatronCoreCase job = some_case();
    const auto expected = tests::why_refused(job);
    const auto found = check(config_of(job));
    for (const Diagnostic& diagnostic : found) RC_LOG() << diagnostic.message() << std::endl;
    for (const auto& refusal : expected) RC_LOG() << refusal.field << ": " << refusal.reason << std::endl;
    RC_ASSERT(found.empty() == expected.empty());
    (expected.empty() ? sound : refused) += 1;
  }));
  CHECK(sound > share_of(100));
  CHECK(refused > share_of(100));
}

TEST_CASE("Megatron-Core: kinds and lists in any order of axes are the oracle's", "[property]") {
  int with_experts = 0;
  int not_ascending = 0;
  int of_gtp = 0;
  CHECK(rc::check("lists", [&] {
    const MegatronCoreCase job = some_sound_case();
    const NamedLists expected = tests::megatron_core_lists(job);
    const Topology topology(config_of(job));
    RC_ASSERT(topology.kinds().size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto& [name, lists] = expected[i];
      RC_ASSERT(std::string(topology.kinds()[i].short_name.name()) == name);
      assert_agrees(topology.kinds()[i].family, lists);
      not_ascending += !std::is_sorted(lists.front().begin(), lists.front().end());
    }
    with_experts += job.ep > 1;
    of_gtp += job.gtp > 1 || job.egtp > 1;
  }));
  CHECK(with_experts > share_of(50));
  CHECK(not_ascending > share_of(20));
  CHECK(of_gtp > share_of(20));
}

TEST_CASE("Megatron-Core: invariants and plans hold", "[property]") {
  CHECK(rc::check("invariants", [] {
    const MegatronCoreCase job = some_sound_case();
    assert_sound(Topology(config_of(job)));
  }));
}

TEST_CASE("Megatron-Core: the text form reads back", "[property]") {
  CHECK(rc::check("text", [] {
    const ParallelConfig config = config_of(some_case());
    RC_ASSERT(parse_config(to_string(config)) == config);
  }));
}

TEST_CASE("extended: the lists of its mesh, and those of the reference where that has any", "[property]") {
  int beyond = 0;
  int within = 0;
  CHECK(rc::check("extended", [&] {
    const ParallelConfig config = extended_config();
    const Topology topology(config);
    const std::int64_t data = config.world_size / (config.tensor * config.pipeline * config.sequence);
    const std::vector<Axis> axes{
        {"tp", config.tensor}, {"sp", config.sequence}, {"dp", data}, {"pp", config.pipeline}};
    const std::vector<std::pair<GroupKind, std::vector<std::string>>> kinds{
        {GroupKind::data, {"dp"}},
        {GroupKind::sequence, {"sp"}},
        {GroupKind::sequence_data, {"sp", "dp"}},
        {GroupKind::model, {"tp", "pp"}},
        {GroupKind::tensor, {"tp"}},
        {GroupKind::pipeline, {"pp"}},
        {GroupKind::amax, {"tp", "sp", "dp"}}};
    for (const auto& [kind, varying] : kinds) {
      if (kind == GroupKind::amax && !config.fp8) continue;
      assert_agrees(topology.family(kind), mesh_lists(axes, varying));
    }
    assert_sound(topology);
    ParallelConfig reference = config;
    reference.convention = Convention::reference;
    if (!check(reference).empty()) {
      ++beyond;
      return;
    }
    const Topology other(reference);
    RC_ASSERT(other.kinds().size() == topology.kinds().size());
    for (std::size_t i = 0; i < other.kinds().size(); ++i) {
      if (other.kinds()[i].kind == GroupKind::amax && config.sequence > 1) continue;
      RC_ASSERT(lists_of(other.kinds()[i].family) == lists_of(topology.kinds()[i].family));
    }
    ++within;
  }));
  CHECK(beyond > share_of(100));
  CHECK(within > share_of(100));
}

TEST_CASE("meshes of one's own: slices and numberings of any axes", "[property]") {
  int sliced = 0;
  int renumbered = 0;
  CHECK(rc::check("meshes", [&] {
    const std::vector<Axis> axes = some_axes();
    const int world = Mesh(axes).world_size();
    ParallelConfig config{.world_size = world, .convention = Convention::mesh, .meshes = {axes}};
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
      config.kinds.push_back({"kind_" + std::to_string(i), some_groups(axes)});
      RC_LOG() << to_string(config.kinds.back()) << std::endl;
    }
    if (one_in(3)) config.rank_offset = *rc::gen::inRange(0, 9);
    const Topology topology(config);
    for (std::size_t i = 0; i < config.kinds.size(); ++i) {
      Lists expected = spec_lists(axes, config.kinds[i].groups);
      for (auto& list : expected) {
        for (int& rank : list) rank += static_cast<int>(config.rank_offset);
      }
      assert_agrees(topology.kinds()[i].family, expected);
      sliced += topology.kinds()[i].family.member_count() < world;
      renumbered += !std::is_sorted(expected.begin(), expected.end());
    }
    assert_sound(topology);
    RC_ASSERT(Topology(parse_config(to_string(config))) == topology);
  }));
  CHECK(sliced > share_of(100));
  CHECK(renumbered > share_of(20));
}

TEST_CASE("two meshes of the same ranks, each with its kinds", "[property]") {
  CHECK(rc::check("two meshes", [] {
    const std::vector<Axis> axes = some_axes();
    std::vector<Axis> other;
    for (const Axis& axis : shuffled(axes)) other.push_back({axis.name + "_2", axis.size});
    ParallelConfig config{
        .world_size = Mesh(axes).world_size(), .convention = Convention::mesh, .meshes = {axes, other}};
    config.kinds.push_back({"first", {.varying = {axes[0].name}}});
    config.kinds.push_back({"second", {.varying = {other[0].name}}});
    const Topology topology(config);
    RC_ASSERT(topology.kinds()[1].mesh == 1U);
    assert_agrees(topology.kinds()[0].family, mesh_lists(axes, {axes[0].name}));
    assert_agrees(topology.kinds()[1].family, mesh_lists(other, {other[0].name}));
    assert_sound(topology);
  }));
}
