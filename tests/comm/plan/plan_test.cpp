#include "rankmesh/comm/plan.hpp"

#include <algorithm>
#include <set>

#include "rankmesh/topology/invariants.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using K = GroupKind;

namespace {

CommunicatorPlan plan(const ParallelConfig& config, PlanOptions options = {}) {
  return CommunicatorPlan(Topology(config), std::move(options));
}

}  // namespace

TEST_CASE("the plan of the worked example") {
  CHECK(plan({.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true}).to_string() ==
        "step 0: data, sequence_data: 8 groups of 2\n"
        "step 1: model: 2 groups of 8\n"
        "step 2: tensor: 8 groups of 2\n"
        "step 3: pipeline: 4 groups of 4\n"
        "step 4: embedding: 4 groups of 2, other ranks without a color\n"
        "step 5: amax: 4 groups of 4\n"
        "no communicator: sequence: groups of one\n"
        "no communicator: position_embedding: groups of one\n");
}

TEST_CASE("kinds with the same lists share, whatever made the lists") {
  SECTION("a pipeline of two stages is its own embedding group") {
    const auto p = plan({.world_size = 8, .tensor = 2, .pipeline = 2});
    CHECK(p.kind(K::embedding).is_shared);
    CHECK(p.kind(K::embedding).step == p.kind(K::pipeline).step);
  }
  SECTION("so is one of three stages split in the middle") {
    const auto p = plan({.world_size = 12, .tensor = 2, .pipeline = 3, .split_rank = 1});
    CHECK(p.kind(K::embedding).step == p.kind(K::pipeline).step);
    CHECK(p.kind(K::position_embedding).step.has_value());
    CHECK(p.kind(K::position_embedding).step != p.kind(K::pipeline).step);
  }
  SECTION("a split at the last stage makes both embedding kinds the same") {
    const auto p = plan({.world_size = 16, .pipeline = 4, .split_rank = 3});
    CHECK(p.kind(K::position_embedding).step == p.kind(K::embedding).step);
  }
  SECTION("without data parallelism amax is tensor") {
    const auto p = plan({.world_size = 8, .tensor = 2, .pipeline = 4, .fp8 = true});
    CHECK(p.kind(K::amax).step == p.kind(K::tensor).step);
  }
  SECTION("sequence parallelism over the world is data parallelism in the sense of reduction") {
    const auto p = plan({.world_size = 8, .sequence = 8});
    CHECK(p.kind(K::sequence_data).step == p.kind(K::sequence).step);
    CHECK(p.steps().size() == 1);
  }
}

TEST_CASE("a kind is found by its short name, and by the name of a kind that another one stands for") {
  const CommunicatorPlan plan(Topology(
      {.world_size = 16, .tensor = 2, .pipeline = 2, .convention = Convention::megatron_core, .expert = 2}));
  for (const PlannedKind& kind : plan.kinds()) {
    const KindFamily& family = *plan.topology().find_kind(kind.kind);
    CHECK(plan.kind(family.short_name).kind == kind.kind);
  }
  // With one optimizer instance, the group of an instance is the whole group.
  CHECK(plan.kind(GroupKind("intra_data_context")).kind == GroupKind("data_context"));
  CHECK_THROWS_AS(plan.kind(GroupKind("amax")), RangeError);
}

TEST_CASE("sharing is decided by the lists: kinds share exactly when their lists are equal") {
  int shared = 0;
  for (const std::int64_t world : {1, 2, 4, 6, 8, 12, 16, 24}) {
    for (std::int64_t t = 1; t <= world; ++t) {
      for (std::int64_t p = 1; p <= world; ++p) {
        const ParallelConfig config{
            .world_size = world, .tensor = t, .pipeline = p, .split_rank = p / 2, .fp8 = true};
        if (!check(config).empty()) continue;
        const auto planned = plan(config);
        const auto lists = enumerate(planned.topology());
        for (const KindLists& a : lists) {
          CHECK(planned.kind(a.kind).step.has_value() == (a.groups.front().size() > 1));
          for (const KindLists& b : lists) {
            if (a.kind == b.kind || !planned.kind(a.kind).step || !planned.kind(b.kind).step) continue;
            const bool same_step = planned.kind(a.kind).step == planned.kind(b.kind).step;
            CHECK(same_step == (a.groups == b.groups));
            shared += same_step ? 1 : 0;
          }
        }
      }
    }
  }
  CHECK(shared > 100);
}

TEST_CASE("a dense job of Megatron-Core needs a handful of communicators for its twenty kinds") {
  const ParallelConfig dense{
      .world_size = 1024, .tensor = 8, .pipeline = 8, .convention = Convention::megatron_core};
  const auto planned = plan(dense);
  CHECK(planned.steps().size() < 10);
  CHECK(planned.kinds().size() >= 20);
  const auto step = [&](const char* kind) { return planned.kind(GroupKind(kind)).step; };
  CHECK(step("data") == step("data_context"));
  CHECK(step("expert_data") == step("data_context"));
  CHECK(step("tensor_expert_pipeline") == step("model"));
  CHECK(step("tensor_data") == step("tensor_data_context"));
  CHECK(step("tensor") != step("pipeline"));
  for (const char* single : {"remat", "context", "position_embedding", "expert_remat", "expert"}) {
    CHECK_FALSE(step(single).has_value());
  }
}

TEST_CASE("ranks besides a layout take part without a color") {
  const auto p = plan({.world_size = 4,
                       .tensor = 2,
                       .convention = Convention::megatron_core,
                       .rank_offset = 2,
                       .job_size = 8});
  for (const int rank : {0, 1, 6, 7}) {
    CHECK(p.communicator_count(rank) == 0);
    CHECK(p.for_rank(rank).front().leader == -1);
  }
  CHECK(p.for_rank(3).front().leader >= 2);
  CHECK(p.communicator_count(5) > 0);
  CHECK_FALSE(p.steps().front().covers_world);
}

TEST_CASE("where a layout lies, and which of its groups there are, is in the digest") {
  ParallelConfig config{.world_size = 4, .convention = Convention::megatron_core, .job_size = 8};
  const auto digest = plan(config).digest();
  config.rank_offset = 2;
  CHECK(plan(config).digest() != digest);
  ParallelConfig slice{.world_size = 8,
                       .convention = Convention::mesh,
                       .meshes = {{{"tp", 2}, {"dp", 4}}},
                       .kinds = {{"a", {.varying = {"tp"}, .at = {{"dp", 1}}}}}};
  const auto of_slice = plan(slice).digest();
  slice.kinds[0].groups.at[0].value = 2;
  CHECK(plan(slice).digest() != of_slice);
}

TEST_CASE("kinds that are made with other options do not share, and the plan says what they are made with") {
  const ParallelConfig config{.world_size = 8};
  const auto apart = plan(config, {.communicator_options = {{K::sequence_data, "max_ctas=16"}}});
  CHECK(apart.steps().size() == 2);
  CHECK_THAT(apart.to_string(), ContainsSubstring("sequence_data: 1 group of 8, made with max_ctas=16\n"));
  CHECK(apart.digest() != plan(config, {}).digest());
  const auto together =
      plan(config, {.communicator_options = {{K::sequence_data, "max_ctas=16"}, {K::data, "max_ctas=16"}}});
  CHECK(together.steps().size() == 1);
  CHECK_THROWS_WITH(plan(config, {.communicator_options = {{K::amax, "x"}}}),
                    ContainsSubstring("no groups of kind amax"));
}

TEST_CASE("a sharing key keeps a kind apart, equal keys bring kinds together") {
  const ParallelConfig config{.world_size = 16, .tensor = 2, .pipeline = 4};
  const auto apart = plan(config, {.sharing_keys = {{K::sequence_data, "overlap"}}});
  CHECK(apart.kind(K::data).step != apart.kind(K::sequence_data).step);
  CHECK_THAT(apart.to_string(), ContainsSubstring("sharing key \"overlap\""));
  const auto together = plan(config, {.sharing_keys = {{K::sequence_data, "x"}, {K::data, "x"}}});
  CHECK(together.kind(K::data).step == together.kind(K::sequence_data).step);
  CHECK_THROWS_WITH(plan(config, {.sharing_keys = {{K::amax, "x"}}}),
                    ContainsSubstring("this topology has no groups of kind amax; it has data, sequence"));
}

TEST_CASE("every rank derives the same steps, and its place in each from the lists") {
  for (const ParallelConfig& config :
       {ParallelConfig{.world_size = 16, .tensor = 2, .pipeline = 4, .split_rank = 2, .fp8 = true},
        ParallelConfig{.world_size = 12, .sequence = 3, .fp8 = true}, ParallelConfig{.world_size = 1}}) {
    const auto planned = plan(config);
    const auto lists = enumerate(planned.topology());
    for (int rank = 0; rank < planned.topology().world_size(); ++rank) {
      const auto steps = planned.for_rank(rank);
      REQUIRE(steps.size() == planned.steps().size());
      int owned = 0;
      for (std::size_t i = 0; i < steps.size(); ++i) {
        CHECK(steps[i].step == i);
        CHECK(steps[i].kind == planned.steps()[i].kind);
        const auto& groups = std::find_if(lists.begin(), lists.end(), [&](const KindLists& l) {
                               return l.kind == steps[i].kind;
                             })->groups;
        const auto mine = std::find_if(groups.begin(), groups.end(), [&](const std::vector<int>& group) {
          return std::find(group.begin(), group.end(), rank) != group.end();
        });
        if (mine == groups.end()) {
          CHECK(steps[i] == RankStep{.step = i, .kind = steps[i].kind, .group = std::nullopt});
        } else {
          ++owned;
          CHECK(steps[i].group == static_cast<int>(mine - groups.begin()));
          CHECK(mine->at(static_cast<std::size_t>(steps[i].position)) == rank);
          CHECK(steps[i].size == static_cast<int>(mine->size()));
          CHECK(steps[i].leader == mine->front());
        }
      }
      CHECK(planned.communicator_count(rank) == owned);
    }
  }
}

TEST_CASE("the world serves a step whose one group it is, in order and made as any other") {
  const auto whole = plan({.world_size = 8, .tensor = 2, .pipeline = 4});
  REQUIRE(whole.world_step());
  CHECK(whole.steps()[*whole.world_step()].kind == K::model);
  CHECK(plan({.world_size = 8}).world_step() == std::size_t{0});
  // Smaller groups; none; a key or options of its own; a job that the layout does not fill.
  CHECK_FALSE(plan({.world_size = 8, .tensor = 2}).world_step());
  CHECK_FALSE(plan({.world_size = 1}).world_step());
  const std::map<K, std::string> own = {{K::data, "x"}, {K::sequence_data, "x"}};
  CHECK_FALSE(plan({.world_size = 8}, {.sharing_keys = own}).world_step());
  CHECK_FALSE(plan({.world_size = 8}, {.communicator_options = own}).world_step());
}

TEST_CASE("a rank outside the world has no plan") {
  CHECK_THROWS_WITH(plan({.world_size = 4}).for_rank(4), "rank 4 does not exist: the world has 4 ranks");
  CHECK_THROWS_AS(plan({.world_size = 4}).for_rank(-1), RangeError);
}

TEST_CASE("the plan of the largest world is made at once") {
  const auto planned = plan({.world_size = 1 << 30, .tensor = 8, .pipeline = 64, .fp8 = true});
  CHECK(planned.for_rank((1 << 30) - 1).at(1).leader == (1 << 24) - 8);
}

TEST_CASE("the digest is the same on every platform") {
  // Written down on x86-64: another platform or compiler must arrive at the same numbers.
  CHECK(plan({.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true}).digest() == 0x4336eda36242debeU);
  CHECK(plan({.world_size = 8, .sequence = 4}).digest() == 0x569d04103db2356bU);
}

TEST_CASE("different plans have different digests") {
  std::set<std::uint64_t> digests;
  int plans = 0;
  for (std::int64_t world = 2; world <= 64; ++world) {
    for (std::int64_t t = 1; t <= world; ++t) {
      for (std::int64_t p = 1; p <= world; ++p) {
        const ParallelConfig config{.world_size = world, .tensor = t, .pipeline = p};
        if (!check(config).empty()) continue;
        ++plans;
        const auto planned = plan(config);
        digests.insert(planned.digest());
        CHECK(planned.digest() == plan(config).digest());
      }
    }
  }
  CHECK(plans > 500);
  CHECK(digests.size() == static_cast<std::size_t>(plans));
  // The digest tells apart what the summary does not: the groups themselves.
  const auto early = plan({.world_size = 8, .pipeline = 8, .split_rank = 2});
  const auto late = plan({.world_size = 8, .pipeline = 8, .split_rank = 3});
  CHECK(early.to_string() == late.to_string());
  CHECK(early.digest() != late.digest());
  CHECK(plan({.world_size = 4}).digest() !=
        plan({.world_size = 4}, {.sharing_keys = {{K::data, "x"}}}).digest());
}

TEST_CASE("only some kinds get communicators, and the plan says which are left out") {
  const auto p = plan({.world_size = 8, .tensor = 2, .pipeline = 2}, {.only = {K::tensor, "pp"}});
  CHECK(p.steps().size() == 2);
  CHECK(p.kind(K::tensor).step == std::size_t{0});
  CHECK(p.kind(K::pipeline).step == std::size_t{1});
  CHECK(p.kind(K::data).is_left_out);
  // It shares the step of the pipeline otherwise.
  CHECK_FALSE(p.kind(K::embedding).step.has_value());
  CHECK_THAT(p.to_string(), ContainsSubstring("no communicator: data: left out\n"));
  const auto none = plan({.world_size = 8}, {.only = {}});
  CHECK(none.steps().empty());
  CHECK_THROWS_AS(plan({.world_size = 8}, {.only = {K::amax}}), RangeError);
}

TEST_CASE("groups of one get communicators where the options ask for them") {
  const ParallelConfig config{.world_size = 8, .pipeline = 4};
  const auto all = plan(config, {.groups_of_one = KindSelection::all()});
  for (const PlannedKind& kind : all.kinds()) CHECK(kind.step.has_value());
  const PlanStep& alone = all.steps()[*all.kind(K::tensor).step];
  CHECK(alone.group_size == 1);
  CHECK(alone.group_count == 8);
  // Kinds of single ranks share a communicator, unless some ranks have no group.
  CHECK(all.kind(K::sequence).step == all.kind(K::tensor).step);
  CHECK(all.kind(K::position_embedding).step != all.kind(K::tensor).step);
  const auto some = plan(config, {.groups_of_one = {"tp"}});
  CHECK(some.kind(K::tensor).step.has_value());
  CHECK_FALSE(some.kind(K::sequence).step.has_value());
  const auto lean = plan(config);
  CHECK_FALSE(lean.kind(K::tensor).step.has_value());
  CHECK_THROWS_AS(plan(config, {.groups_of_one = {K::amax}}), RangeError);
}

TEST_CASE("lazy kinds have no step, unless a kind that is not lazy has the same groups") {
  const ParallelConfig config{.world_size = 8, .tensor = 2, .pipeline = 2};
  const auto p = plan(config, {.lazy = {K::data, K::sequence_data, K::tensor, K::pipeline}});
  // The first of them in the order of creation stands for both.
  CHECK(p.kind(K::data).made_later_as == K::data);
  CHECK(p.kind(K::sequence_data).made_later_as == K::data);
  CHECK(p.kind(K::tensor).made_later_as == K::tensor);
  CHECK_FALSE(p.kind(K::tensor).step.has_value());
  // Embedding groups are those of the pipeline, and come later in the order of creation.
  CHECK(p.kind(K::pipeline).step.has_value());
  CHECK(p.kind(K::pipeline).step == p.kind(K::embedding).step);
  CHECK(p.steps().size() == 2);
  CHECK_THAT(p.to_string(), ContainsSubstring("made later: data\nno communicator: sequence: groups of one\n"
                                              "made later: sequence_data, with data\nmade later: tensor\n"));
  const auto apart = plan(config, {.lazy = KindSelection::all(), .sharing_keys = {{K::data, "overlap"}}});
  CHECK(apart.kind(K::sequence_data).made_later_as == K::sequence_data);
  CHECK(apart.steps().empty());
  CHECK_FALSE(apart.kind(K::sequence).made_later_as.has_value());
  CHECK_THROWS_AS(plan(config, {.lazy = {K::amax}}), RangeError);
}

TEST_CASE("options may name kinds by their short names") {
  const ParallelConfig config{.world_size = 8, .convention = Convention::megatron_core};
  const auto p = plan(config, {.sharing_keys = {{"dp_cp", "x"}}, .communicator_options = {{"dp", "y"}}});
  CHECK(p.steps()[*p.kind("data_context").step].sharing_key == "x");
  CHECK(p.steps()[*p.kind("dp").step].communicator_options == "y");
  CHECK(p ==
        plan(config, {.sharing_keys = {{"data_context", "x"}}, .communicator_options = {{"data", "y"}}}));
  // A kind that Megatron-Core does not make is the one that it stands for.
  CHECK(p.kind("intra_data_context").kind == K("data_context"));
}

TEST_CASE("a selection of kinds is none, all, or those listed") {
  CHECK(KindSelection().to_string() == "none");
  CHECK(KindSelection::all().to_string() == "all");
  CHECK(KindSelection({K::tensor, "data"}).to_string() == "data, tensor");
  CHECK(KindSelection({K::tensor}) == KindSelection(std::set<K>{K::tensor}));
  CHECK(KindSelection({K::tensor}).contains("tensor"));
  CHECK_FALSE(KindSelection({K::tensor}).contains("data"));
  CHECK(KindSelection::all().contains("data"));
}
