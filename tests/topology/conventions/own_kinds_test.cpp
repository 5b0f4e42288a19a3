// Kinds of the user's own beside those of a convention.
#include <set>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/invariants.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"
#include "support/problems.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using Texts = std::vector<std::string>;
using K = GroupKind;

namespace {

ParallelConfig megatron(std::vector<KindSpec> kinds) {
  return {.world_size = 16,
          .tensor = 2,
          .pipeline = 2,
          .convention = Convention::megatron_core,
          .expert = 4,
          .kinds = std::move(kinds)};
}

}  // namespace

TEST_CASE("kinds of one's own follow those of a convention, on its meshes", "[own_kinds]") {
  const ParallelConfig config =
      megatron({{"moe", {.varying = {"ep", "etp"}}}, {"zero", {.varying = {"dp", "tp"}}}});
  const Topology with(config);
  const Topology without(megatron({}));
  REQUIRE(with.kinds().size() == without.kinds().size() + 2);
  for (std::size_t i = 0; i < without.kinds().size(); ++i) CHECK(with.kinds()[i] == without.kinds()[i]);
  CHECK(with.kinds().back().kind == K("zero"));
  // The experts' axes are on the second mesh of the convention.
  CHECK(with.find_kind("moe")->mesh == 1);
  CHECK(with.family("moe") == with.family("tensor_expert"));
  CHECK(with.family("zero") == with.family("tensor_data"));
  CHECK(with.mesh() == without.mesh());
  CHECK(check_invariants(with).empty());
  CHECK(parse_config(to_string(config)) == config);
}

TEST_CASE("and on meshes of one's own", "[own_kinds]") {
  for (const Convention convention :
       {Convention::reference, Convention::extended, Convention::megatron_core}) {
    ParallelConfig config{.world_size = 16, .tensor = 2, .convention = convention};
    config.meshes = {{{"tp", 2}, {"shard", 4}, {"replica", -1}}};
    config.kinds = {{"shards", {.varying = {"shard"}}},
                    {"first_shard", {.varying = {"replica"}, .at = {{"shard", 0}}}},
                    {"tp_again", {.varying = {"tp"}}}};
    const Topology topology(config);
    CHECK(topology.group_of("shards", 3).to_vector() == std::vector<int>{1, 3, 5, 7});
    CHECK(topology.family("first_shard").group(1).to_vector() == std::vector<int>{1, 9});
    CHECK_FALSE(topology.family("first_shard").locate(3).has_value());
    // The first mesh that has the axes is the convention's.
    CHECK(topology.find_kind("tp_again")->mesh == 0);
    CHECK(topology.config().meshes[0][2].size == 2);
    CHECK(check_invariants(topology).empty());
    CHECK(parse_config(to_string(config)) == config);
  }
}

TEST_CASE("they are placed with the layout", "[own_kinds]") {
  ParallelConfig config = megatron({{"moe", {.varying = {"ep"}}}});
  config.rank_offset = 4;
  config.job_size = 24;
  const Topology topology(config);
  CHECK(topology.family("moe") == topology.family("expert"));
  CHECK(topology.family("moe").world_size() == 24);
}

TEST_CASE("what is wrong with them is found, and a name of the convention is refused", "[own_kinds]") {
  CHECK(
      problems(megatron({{"moe", {.varying = {"sp"}}}})) ==
      Texts{"kinds = moe:sp does not work: axis = sp is not an axis of the mesh, which has tp, cp, dp, pp"});
  CHECK(problems(megatron({{"moe", {.varying = {"ep"}}}, {"moe", {.varying = {"dp"}}}})) ==
        Texts{"kinds = moe:dp repeats the name of another kind, moe"});
  // Also short names, and those of kinds that this configuration does not have.
  for (const char* name : {"tensor", "tp", "dp_cp", "intra_dp_cp", "hcp_0"}) {
    ParallelConfig config = megatron({{name, {.varying = {"dp"}}}});
    config.context = 2;
    config.expert = 1;
    config.hierarchical_context = {2};
    CHECK(problems(config) ==
          Texts{"kinds = " + std::string(name) + ":dp repeats the name of another kind, " + name});
  }
  ParallelConfig reference{.world_size = 8, .kinds = {{"amax", {.varying = {"tp"}}}}};
  CHECK(problems(reference) == Texts{"kinds = amax:tp repeats the name of another kind, amax"});
  reference.kinds = {{"context", {.varying = {"tp"}}}};
  CHECK(problems(reference).empty());
  reference.meshes = {{{"a", 3}, {"b", 2}}};
  CHECK_THAT(problems(reference).at(0),
             ContainsSubstring("meshes = a=3,b=2 multiplies to 6, not to world_size = 8"));
  reference.kinds.clear();
  reference.meshes = {{{"a", 4}, {"b", 2}}};
  CHECK(problems(reference) == Texts{"kinds are missing: say which axes vary in a kind of group"});
  // Where the convention's own sizes are wrong, the axes cannot be judged yet.
  ParallelConfig wrong = megatron({{"moe", {.varying = {"nothing"}}}});
  wrong.tensor = 3;
  CHECK(problems(wrong) ==
        Texts{"tensor = 3 does not divide world_size = 16; no value works unless kinds changes too"});
}
