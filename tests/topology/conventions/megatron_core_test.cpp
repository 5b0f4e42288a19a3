// The convention of Megatron-Core: every recorded case, and what no recorded case decides.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "rankmesh/topology/compare.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/invariants.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/megatron_core_vectors.hpp"

using namespace rankmesh;
using rankmesh::tests::config_of;
using rankmesh::tests::Json;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of;
using rankmesh::tests::megatron_core_vectors;
using rankmesh::tests::read_megatron_core_case;

namespace {

using Names = std::vector<std::string>;

Names short_names(const Topology& topology) {
  Names names;
  for (const KindFamily& kind : topology.kinds()) {
    const std::string name(kind.short_name.name());
    if (tests::is_recorded(name)) names.push_back(name);
  }
  return names;
}

Lists lists(const ParallelConfig& config, const std::string& kind) {
  const Topology topology(config);
  return lists_of(topology.family(GroupKind(kind)));
}

/// `field: rule` of everything that is wrong.
Names problems(const ParallelConfig& config) {
  Names texts;
  for (const Diagnostic& diagnostic : check(config)) texts.push_back(diagnostic.message());
  return texts;
}

bool is_blamed(const ParallelConfig& config, const std::string& field) {
  const auto found = check(config);
  return std::any_of(found.begin(), found.end(), [&](const Diagnostic& v) { return v.field == field; });
}

/// What the topology says about one rank, in the words of the file.
std::map<std::string, int> row_of(const Topology& topology, int rank) {
  std::map<std::string, int> row{{"rank", rank}};
  const std::map<std::string, std::string> with_position{{"tp", "tp"},           {"pp", "pp"},
                                                         {"dp", "gtp_remat_dp"}, {"dp_cp", "gtp_remat_dp_cp"},
                                                         {"cp", "cp"},           {"tp_cp", "tp_cp"},
                                                         {"ep", "ep"},           {"etp", "ep_tp"},
                                                         {"tp_ep", "tp_ep_mp"},  {"edp", "ep_gtp_remat_dp"}};
  for (const auto& [column, kind] : with_position) {
    const RankList group = topology.group_of(GroupKind(kind), rank);
    row[column + "_rank"] = *group.position_of(rank);
    row[column + "_size"] = group.size();
  }
  for (const std::string kind : {"tp", "mp", "dp", "dp_cp", "ep"}) {
    row[kind + "_src"] = topology.group_of(GroupKind(kind), rank).front();
  }
  const Pipeline& pipeline = topology.pipeline();
  const RankList stages = topology.group_of(GroupKind::pipeline, rank);
  row["pp_first"] = stages.front();
  row["pp_last"] = stages.back();
  row["pp_next"] = pipeline.next_rank(rank);
  row["pp_prev"] = pipeline.previous_rank(rank);
  row["is_first"] = pipeline.is_first_stage(rank) ? 1 : 0;
  row["is_last"] = pipeline.is_last_stage(rank) ? 1 : 0;
  row["in_embd"] = topology.family(GroupKind("embd")).locate(rank) ? 1 : 0;
  row["in_pos_embd"] = topology.family(GroupKind("pos_embd")).locate(rank) ? 1 : 0;
  return row;
}

ParallelConfig sixteen() {
  return {
      .world_size = 16, .tensor = 2, .pipeline = 2, .convention = Convention::megatron_core, .context = 2};
}

}  // namespace

TEST_CASE("kinds and lists are those of Megatron-Core, in its order", "[megatron_core]") {
  std::size_t cases = 0;
  for (const Json& item : megatron_core_vectors().at("cases")) {
    const ParallelConfig config = config_of(read_megatron_core_case(item.at("config")));
    INFO(to_string(config));
    const Topology topology(config);
    Names expected_kinds;
    for (const auto& [kind, recorded] : item.at("groups").items()) expected_kinds.push_back(kind);
    REQUIRE(short_names(topology) == expected_kinds);
    for (const std::string& kind : expected_kinds) {
      INFO(kind);
      const Lists expected = tests::recorded_lists(item.at("groups"), kind);
      CHECK(lists_of(topology.family(GroupKind(kind))) == expected);
      CHECK(tests::enumerated_lists_of(topology.family(GroupKind(kind))) == expected);
    }
    CHECK(check_invariants(topology).empty());
    ++cases;
  }
  CHECK(cases == tests::megatron_core_cases);
}

TEST_CASE("every rank is told what Megatron-Core tells it", "[megatron_core]") {
  const auto columns = megatron_core_vectors().at("rank_columns").get<Names>();
  std::size_t rows = 0;
  for (const Json& item : megatron_core_vectors().at("cases")) {
    const Topology topology(config_of(read_megatron_core_case(item.at("config"))));
    for (const Json& recorded : item.at("ranks")) {
      const auto values = recorded.get<std::vector<int>>();
      std::map<std::string, int> expected;
      for (std::size_t i = 0; i < columns.size(); ++i) expected[columns[i]] = values.at(i);
      INFO(item.at("config").dump() << ", rank " << expected.at("rank"));
      CHECK(row_of(topology, expected.at("rank")) == expected);
      ++rows;
    }
  }
  CHECK(rows == tests::megatron_core_rows);
}

TEST_CASE("what Megatron-Core rejects is refused, and the field to blame is named", "[megatron_core]") {
  for (const Json& item : megatron_core_vectors().at("rejected")) {
    const tests::MegatronCoreCase job = read_megatron_core_case(item.at("config"));
    const ParallelConfig config = config_of(job);
    INFO(item.at("config").dump() << ": " << item.at("why").get<std::string>());
    const Names fields = tests::fields_to_blame(item.at("why").get<std::string>());
    CHECK(std::any_of(fields.begin(), fields.end(), [&](const std::string& field) {
      // Without expert_tensor, its value is that of tensor, and a diagnostic names tensor.
      return is_blamed(config, tests::field_of_case(field)) ||
             (field == "etp" && is_blamed(config, "tensor"));
    }));
    CHECK_THROWS_AS(Topology(config), ConfigError);
  }
}

TEST_CASE("a kind is found by either name, and by that of a kind it stands for", "[megatron_core]") {
  const Topology topology(sixteen());
  CHECK(topology.find(GroupKind("tp")) == topology.find(GroupKind::tensor));
  CHECK(topology.find(GroupKind("dp_cp")) == topology.find(GroupKind("data_context")));
  CHECK(topology.find(GroupKind("intra_dp_cp")) == topology.find(GroupKind("data_context")));
  CHECK(topology.find(GroupKind("gtp_remat_dp")) == topology.find(GroupKind::data));
  CHECK(topology.find(GroupKind("expert_remat_data")) == topology.find(GroupKind("ep_dp")));
  CHECK(topology.find(GroupKind("inter_ep_dp")) == nullptr);
  CHECK(topology.find(GroupKind("hcp_0")) == nullptr);
}

TEST_CASE("an order in upper case is the same layout", "[megatron_core]") {
  ParallelConfig upper = sixteen();
  upper.order = "TP-CP-EP-DP-PP";
  CHECK(Topology(upper) == Topology(sixteen()));
}

TEST_CASE("joined optimizer instances follow the lists, not the numbers", "[megatron_core]") {
  ParallelConfig config = sixteen();
  config.optimizer_instances = 2;
  CHECK(lists(config, "intra_dist_opt_instance") ==
        Lists{{0, 1, 8, 9, 2, 3, 10, 11}, {4, 5, 12, 13, 6, 7, 14, 15}});
  const Topology topology(config);
  CHECK(topology.group_of(GroupKind("intra_dist_opt_instance"), 8).position_of(8) == 2);
}

TEST_CASE("a layout among others: its ranks are shifted, the others are in no group", "[megatron_core]") {
  ParallelConfig config{
      .world_size = 8, .tensor = 2, .pipeline = 2, .convention = Convention::megatron_core, .rank_offset = 4};
  const Topology open(config);
  CHECK(open.world_size() == 12);
  config.job_size = 16;
  const Topology topology(config);
  CHECK(topology.world_size() == 16);
  CHECK(topology.first_rank() == 4);
  CHECK(topology.layout_size() == 8);
  CHECK(topology.contains(4));
  CHECK(topology.contains(11));
  CHECK_FALSE(topology.contains(3));
  CHECK_FALSE(topology.contains(12));
  CHECK(lists_of(topology.family(GroupKind::data)) == Lists{{4, 6}, {5, 7}, {8, 10}, {9, 11}});
  CHECK_FALSE(topology.family(GroupKind::data).covers_world());
  CHECK(topology.family(GroupKind::data).locate(3) == std::nullopt);
  CHECK_THROWS_WITH(topology.pipeline().next_rank(3),
                    "rank 3 is in no pipeline: the layout has the ranks 4 .. 11");
  CHECK(check_invariants(topology).empty());
}

TEST_CASE("stages of one's choice", "[megatron_core]") {
  ParallelConfig config{.world_size = 8,
                        .pipeline = 4,
                        .convention = Convention::megatron_core,
                        .embedding_stages = {0, 1, -1},
                        .position_embedding_stages = {-2}};
  CHECK(lists(config, "embd") == Lists{{0, 2, 6}, {1, 3, 7}});
  CHECK(lists(config, "pos_embd") == Lists{{4}, {5}});
  SECTION("a stage named from both ends counts once") {
    config.pipeline = 2;
    CHECK(lists(config, "embd") == Lists{{0, 4}, {1, 5}, {2, 6}, {3, 7}});
  }
  SECTION("one stage is every stage") {
    config.pipeline = 1;
    CHECK(lists(config, "embd") == lists(config, "pp"));
    CHECK(lists(config, "pos_embd") == lists(config, "pp"));
  }
  SECTION("without a list, the split stage is among them") {
    config.embedding_stages.clear();
    config.position_embedding_stages.clear();
    config.split_rank = 2;
    CHECK(lists(config, "embd") == Lists{{0, 4, 6}, {1, 5, 7}});
    CHECK(lists(config, "pos_embd") == Lists{{0, 4}, {1, 5}});
  }
  SECTION("stages that do not exist, and the same one twice") {
    config.embedding_stages = {0, 4, -5, 0};
    CHECK(
        problems(config) ==
        Names{"embedding_stages = 4 is no stage of pipeline = 4, which has stages 0 .. 3, or -1 .. -4 from "
              "the end",
              "embedding_stages = -5 is no stage of pipeline = 4, which has stages 0 .. 3, or -1 .. -4 from "
              "the end",
              "embedding_stages = 0 is named twice"});
  }
}

TEST_CASE("an order that does not end in pp is fine where the pipelines agree", "[megatron_core]") {
  ParallelConfig config = sixteen();
  config.expert = 2;
  config.expert_tensor = 1;
  config.order = "tp-ep-pp-cp-dp";
  CHECK(problems(config).empty());
  CHECK(check_invariants(Topology(config)).empty());
}

TEST_CASE("problems of an order say what would work", "[megatron_core]") {
  ParallelConfig config = sixteen();
  SECTION("pipelines that differ") {
    config.order = "tp-cp-pp-ep-dp";
    config.expert = 2;
    CHECK(
        problems(config) ==
        Names{"order = tp-cp-pp-ep-dp gives the experts other pipeline groups than the dense layers: stages "
              "lie 4 ranks apart in tp=2 cp=2 pp=2 dp=2, but 2 in etp=2 pp=2 ep=2 edp=2; tp-cp-ep-dp-pp "
              "works"});
  }
  SECTION("missing axes") {
    config.order = "tp-dp";
    CHECK(problems(config) ==
          Names{"order = tp-dp lacks cp though context = 2, pp though pipeline = 2; tp-dp-cp-ep-pp works"});
  }
  SECTION("a missing axis of the experts alone") {
    config = {.world_size = 8, .convention = Convention::megatron_core, .expert_tensor = 2, .order = "dp-pp"};
    CHECK(problems(config) == Names{"order = dp-pp lacks tp though expert_tensor = 2; dp-pp-tp-cp-ep works"});
  }
  SECTION("unknown, empty and repeated axes") {
    config.order = "tp-cp--sp-dp-pp-tp-gtp";
    CHECK(
        problems(config) ==
        Names{
            "order = tp-cp--sp-dp-pp-tp-gtp has an empty axis: the axes are tp, cp, ep, dp, pp; tp-cp-dp-pp "
            "works",
            "order = tp-cp--sp-dp-pp-tp-gtp has an unknown axis, sp: the axes are tp, cp, ep, dp, pp",
            "order = tp-cp--sp-dp-pp-tp-gtp names tp more than once",
            "order = tp-cp--sp-dp-pp-tp-gtp has an unknown axis, gtp: the axes are tp, cp, ep, dp, pp; "
            "gtp finds its place by itself"});
  }
}

TEST_CASE("an order in upper case has two meanings with rematerialised weights", "[megatron_core]") {
  ParallelConfig config = sixteen();
  config.order = "TP-CP-EP-DP-PP";
  CHECK(problems(config).empty());
  SECTION("of the dense layers") {
    config.weight_remat = 2;
    CHECK(
        problems(config) ==
        Names{"order = TP-CP-EP-DP-PP has two meanings with weight_remat = 2: gtp is right of tp if the "
              "order is "
              "in lower case, but Megatron-Core puts it leftmost, because it does not find the axis in upper "
              "case; tp-cp-ep-dp-pp works"});
    config.order = "tp-CP-EP-DP-PP";
    CHECK(problems(config).empty());
  }
  SECTION("of the experts") {
    config.expert_weight_remat = 2;
    config.order = "tp-cp-EP-dp-pp";
    CHECK(problems(config) == Names{"order = tp-cp-EP-dp-pp has two meanings with expert_weight_remat = 2: "
                                    "egtp is right of ep if the "
                                    "order is in lower case, but Megatron-Core puts it right of tp, because "
                                    "it does not find the axis "
                                    "in upper case; tp-cp-ep-dp-pp works"});
    config.order = "TP-cp-ep-dp-PP";
    CHECK(problems(config).empty());
  }
}

TEST_CASE("what Megatron-Core does not take, or takes in another way, is told", "[megatron_core]") {
  ParallelConfig config{.world_size = 8, .convention = Convention::megatron_core, .order = "dp-pp"};
  CHECK(warnings(Topology(config)) == Names{"order = dp-pp lacks tp, and Megatron-Core 0.19 fails without it "
                                            "although tensor = 1; tp-dp-pp gives "
                                            "the same groups"});
  ParallelConfig with_tp = config;
  with_tp.order = "tp-dp-pp";
  CHECK(warnings(Topology(with_tp)).empty());
  CHECK(agree(compare(Topology(config), Topology(with_tp))));
  with_tp.order = "TP-DP-PP";
  CHECK(warnings(Topology(with_tp)).empty());
  with_tp = config;
  with_tp.order = "tp-dp-pp";
  with_tp.embedding_stages = {0, -1};
  CHECK(warnings(Topology(with_tp)).empty());
  with_tp.embedding_stages = {0, 4};
  with_tp.position_embedding_stages = {-2};
  CHECK(
      warnings(Topology(with_tp)) ==
      Names{
          "embedding_stages has stage 4, but with pipeline = 1 there is only stage 0, which is taken instead",
          "position_embedding_stages has stage -2, but with pipeline = 1 there is only stage 0, which is "
          "taken "
          "instead"});
}

TEST_CASE("problems of sizes name the product and what would work", "[megatron_core]") {
  ParallelConfig config = sixteen();
  SECTION("experts") {
    config.expert = 8;
    CHECK(
        problems(config) ==
        Names{
            "expert = 8 does not work: the product of tensor = 2 and pipeline = 2 and expert = 8 does not "
            "divide world_size = 16; expert_tensor is not given, so it is that of tensor; expert_tensor = 1 "
            "works; nearest: 4"});
  }
  SECTION("expert tensors") {
    config.expert_tensor = 3;
    config.expert = 2;
    CHECK(problems(config) == Names{"expert_tensor = 3 does not divide world_size = 16; nearest: 2, 4"});
  }
  SECTION("instances") {
    config.optimizer_instances = 3;
    CHECK(
        problems(config) ==
        Names{"optimizer_instances = 3 does not divide the data and context groups of 4 ranks; nearest: 2, 4",
              "optimizer_instances = 3 does not divide the expert data groups of 4 ranks; nearest: 2, 4"});
  }
  SECTION("instances and rematerialised weights") {
    config.optimizer_instances = 2;
    config.weight_remat = 2;
    CHECK(is_blamed(config, "optimizer_instances"));
  }
  SECTION("levels of context") {
    config.hierarchical_context = {2, 2};
    CHECK(problems(config) ==
          Names{"hierarchical_context = 2,2 multiplies to 4, not to context = 2; take context = 4"});
    config.hierarchical_context = {0, 2};
    CHECK(problems(config) == Names{"hierarchical_context = 0,2 has a level below 1"});
  }
  SECTION("hybrid groups") {
    config = {.world_size = 10, .convention = Convention::megatron_core, .hybrid_context = true};
    CHECK(
        problems(config) ==
        Names{
            "hybrid_context = true does not work: its groups of 4 do not divide the data and context groups "
            "of 10 ranks"});
    config.world_size = 3;
    CHECK(problems(config) ==
          Names{"hybrid_context = true needs an even size of the data and context groups of 3 ranks"});
  }
  SECTION("virtual stages without stages") {
    config.pipeline = 1;
    config.virtual_pipeline = 2;
    CHECK(is_blamed(config, "virtual_pipeline"));
  }
  SECTION("a job too small") {
    config.job_size = 20;
    config.rank_offset = 5;
    CHECK(problems(config) ==
          Names{"rank_offset = 5 leaves no room for world_size = 16 ranks below job_size = 20; nearest: 4"});
    config.job_size = 8;
    CHECK(problems(config) ==
          Names{"job_size = 8 is less than world_size = 16, the ranks of the layout; nearest: 21"});
    config.job_size.reset();
    config.rank_offset = -1;
    CHECK(problems(config) == Names{"rank_offset = -1 is below 0; nearest: 0"});
  }
}

TEST_CASE("fields of another convention are refused, not ignored", "[megatron_core]") {
  ParallelConfig config = sixteen();
  config.sequence = 2;
  config.fp8 = true;
  CHECK(problems(config) ==
        Names{"sequence = 2 means nothing in the convention megatron-core; it belongs to reference, extended",
              "fp8 = true means nothing in the convention megatron-core; it belongs to reference, extended"});
  CHECK(problems({.world_size = 8, .context = 2, .order = "tp-dp"}) ==
        Names{"context = 2 means nothing in the convention reference; it belongs to megatron-core",
              "order = tp-dp means nothing in the convention reference; it belongs to megatron-core"});
}
