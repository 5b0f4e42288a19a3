// The oracle for the groups of Megatron-Core says what Megatron-Core was recorded to do.

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/megatron_core_oracle.hpp"

using rankmesh::tests::Lists;
using rankmesh::tests::lists_of_kind;
using rankmesh::tests::megatron_core_lists;
using rankmesh::tests::megatron_core_row;
using rankmesh::tests::MegatronCoreCase;
using rankmesh::tests::NamedLists;
using rankmesh::tests::Refusal;
using rankmesh::tests::why_refused;

namespace {

/// Keeps the order of the keys: it is the order of creation.
using Json = nlohmann::ordered_json;
using Names = std::vector<std::string>;

// What the file holds: a case lost on the way to the test must not go unnoticed.
constexpr std::size_t expected_cases = 253;
constexpr std::size_t expected_rejected = 75;
constexpr std::size_t expected_rows = 1587;

const Json& recorded() {
  static const Json json = [] {
    std::ifstream in(std::string(RANKMESH_VECTORS) + "/megatron_core.json");
    if (!in) throw std::runtime_error("cannot open the recorded cases");
    return Json::parse(in);
  }();
  return json;
}

/// The stages that a recorded hook picks of a pipeline.
std::vector<int> stages_of_hook(const std::string& hook, int pp) {
  std::vector<int> all;
  for (int stage = 0; stage < pp; ++stage) all.push_back(stage);
  if (hook == "first") return {0};
  if (hook == "all" || pp == 1) return all;
  if (hook == "first_last" || hook == "last_if_single_else_first_last") return {0, pp - 1};
  if (hook == "first_two_last") return pp == 2 ? all : std::vector<int>{0, 1, pp - 1};
  throw std::runtime_error("unknown hook: " + hook);
}

/// A `config` of the file. A key that is not understood is an error, not ignored.
MegatronCoreCase read_case(const Json& config) {
  MegatronCoreCase job;
  const std::map<std::string, int*> sizes{{"world", &job.world}, {"rank_offset", &job.rank_offset},
                                          {"tp", &job.tp},       {"cp", &job.cp},
                                          {"ep", &job.ep},       {"pp", &job.pp},
                                          {"gtp", &job.gtp},     {"egtp", &job.egtp},
                                          {"ndo", &job.ndo}};
  for (const auto& [key, value] : config.items()) {
    if (sizes.count(key) == 1) {
      value.get_to(*sizes.at(key));
    } else if (key == "local_world") {
      job.local_world = value.get<int>();
    } else if (key == "etp") {
      job.etp = value.get<int>();
    } else if (key == "order") {
      value.get_to(job.order);
    } else if (key == "vpp") {
      job.vpp = value.get<int>();
    } else if (key == "hcp") {
      value.get_to(job.hcp);
    } else if (key == "hybrid") {
      value.get_to(job.hybrid);
    } else if (key != "embd_hook" && key != "pos_hook") {
      throw std::runtime_error("unknown key in a configuration: " + key);
    }
  }
  if (config.contains("embd_hook")) {
    job.embd_stages = stages_of_hook(config.at("embd_hook").get<std::string>(), job.pp);
  }
  if (config.contains("pos_hook")) {
    job.pos_embd_stages = stages_of_hook(config.at("pos_hook").get<std::string>(), job.pp);
  }
  return job;
}

/// The recorded lists of a kind; `=kind` stands for those of another.
Lists recorded_lists(const Json& groups, const std::string& kind) {
  const Json& lists = groups.at(kind);
  if (!lists.is_string()) return lists.get<Lists>();
  return recorded_lists(groups, lists.get<std::string>().substr(1));
}

Names kinds_of(const NamedLists& groups) {
  Names kinds;
  for (const auto& [kind, lists] : groups) kinds.push_back(kind);
  return kinds;
}

Names fields_of(const std::vector<Refusal>& refusals) {
  Names fields;
  for (const Refusal& refusal : refusals) fields.push_back(refusal.field);
  return fields;
}

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The fields of which one at least is to blame, by a phrase of the recorded error; the first that is found.
Names fields_to_blame(const std::string& why) {
  const std::vector<std::pair<std::string, Names>> phrases{
      {"specified the order", {"order"}},
      {"KeyError", {"order"}},
      {"axes named once", {"order"}},
      {"by expert_tensor_model_pipeline", {"etp", "ep"}},
      {"is not divisible by", {"tp", "cp", "pp"}},
      {"partial DistOpt shard factor", {"ndo"}},
      {"num_distributed_optimizer_instances > 1", {"ndo"}},
      {"pp-last rank ordering", {"order"}},
      {"expected to be the same for Non-Expert", {"order"}},
      {"interleaved schedule", {"vpp"}},
      {"within the world_size", {"rank_offset"}},
      {"modulo by zero", {"pp"}}};
  for (const auto& [phrase, fields] : phrases) {
    if (why.find(phrase) != std::string::npos) return fields;
  }
  if (why == "AssertionError: ") return {"hcp"};
  throw std::runtime_error("unknown error: " + why);
}

}  // namespace

TEST_CASE("the file of Megatron-Core has the cases it is known to have", "[oracle]") {
  CHECK(recorded().at("cases").size() == expected_cases);
  CHECK(recorded().at("rejected").size() == expected_rejected);
}

TEST_CASE("the oracle makes the recorded kinds and lists, in order", "[oracle]") {
  for (const Json& item : recorded().at("cases")) {
    INFO(item.at("config").dump());
    const MegatronCoreCase job = read_case(item.at("config"));
    REQUIRE(fields_of(why_refused(job)) == Names{});
    const NamedLists groups = megatron_core_lists(job);

    Names expected_kinds;
    for (const auto& [kind, lists] : item.at("groups").items()) expected_kinds.push_back(kind);
    REQUIRE(kinds_of(groups) == expected_kinds);
    for (const auto& [kind, lists] : groups) {
      INFO(kind);
      CHECK(lists == recorded_lists(item.at("groups"), kind));
    }
  }
}

TEST_CASE("the oracle tells every rank what was recorded", "[oracle]") {
  const auto columns = recorded().at("rank_columns").get<Names>();
  std::size_t rows = 0;
  for (const Json& item : recorded().at("cases")) {
    const NamedLists groups = megatron_core_lists(read_case(item.at("config")));
    for (const Json& recorded_row : item.at("ranks")) {
      const auto values = recorded_row.get<std::vector<int>>();
      REQUIRE(values.size() == columns.size());
      std::map<std::string, int> expected;
      for (std::size_t i = 0; i < columns.size(); ++i) expected[columns[i]] = values[i];
      INFO(item.at("config").dump() << ", rank " << expected.at("rank"));
      CHECK(megatron_core_row(groups, expected.at("rank")) == expected);
      ++rows;
    }
  }
  CHECK(rows == expected_rows);
}

TEST_CASE("the oracle refuses what was rejected, and blames what is to blame", "[oracle]") {
  for (const Json& item : recorded().at("rejected")) {
    const MegatronCoreCase job = read_case(item.at("config"));
    const auto why = item.at("why").get<std::string>();
    INFO(item.at("config").dump() << ": " << why);
    const Names fields = fields_of(why_refused(job));
    const Names expected =
        item.contains("field") ? Names{item.at("field").get<std::string>()} : fields_to_blame(why);
    CHECK(std::any_of(expected.begin(), expected.end(),
                      [&](const std::string& field) { return contains(fields, field); }));
    CHECK_THROWS_AS(megatron_core_lists(job), std::invalid_argument);
  }
}

TEST_CASE("an order is read in upper and lower case alike", "[oracle]") {
  MegatronCoreCase lower{.world = 16, .tp = 2, .cp = 2, .pp = 2, .order = "cp-tp-ep-dp-pp"};
  MegatronCoreCase upper = lower;
  upper.order = "CP-TP-Ep-dP-PP";
  CHECK(megatron_core_lists(upper) == megatron_core_lists(lower));
}

TEST_CASE("gtp stands leftmost, and egtp right of tp, where the order lacks their anchors", "[oracle]") {
  const NamedLists without_tp = megatron_core_lists({.world = 4, .gtp = 2, .order = "cp-ep-dp-pp"});
  CHECK(lists_of_kind(without_tp, "gtp_remat") == Lists{{0, 1}, {2, 3}});
  const NamedLists without_ep = megatron_core_lists({.world = 8, .tp = 2, .egtp = 2, .order = "dp-tp-cp-pp"});
  CHECK(lists_of_kind(without_ep, "expt_gtp_remat") == Lists{{0, 4}, {1, 5}, {2, 6}, {3, 7}});
  const NamedLists without_both = megatron_core_lists({.world = 4, .egtp = 2, .order = "dp-pp"});
  CHECK(lists_of_kind(without_both, "expt_gtp_remat") == Lists{{0, 1}, {2, 3}});
}

TEST_CASE("equal pipelines do not suffice where pp is not the last axis", "[oracle]") {
  // tp * cp of the dense mesh is behind pp as etp * ep of the expert mesh is before it: the pipelines agree.
  MegatronCoreCase job{.world = 16, .tp = 2, .cp = 2, .ep = 2, .pp = 2, .etp = 1, .order = "tp-ep-pp-cp-dp"};
  CHECK(fields_of(why_refused(job)) == Names{"order"});
  job.order = "tp-ep-cp-dp-pp";
  CHECK(why_refused(job).empty());
}

TEST_CASE("optimizer instances divide dp * cp and the expert dp, each alone", "[oracle]") {
  CHECK(fields_of(why_refused({.world = 8, .tp = 4, .etp = 1, .ndo = 4})) == Names{"ndo"});
  CHECK(fields_of(why_refused({.world = 8, .tp = 1, .etp = 4, .ndo = 4})) == Names{"ndo"});
  CHECK(why_refused({.world = 8, .cp = 4, .ndo = 4}).empty());
}

TEST_CASE("an order names known axes only", "[oracle]") {
  CHECK(fields_of(why_refused({.world = 8, .order = "tp-cp-ep-dp-pp-sp"})) == Names{"order"});
  CHECK(fields_of(why_refused({.world = 8, .order = "tp-cp-ep-dp-pp-"})) == Names{"order"});
  CHECK(fields_of(why_refused({.world = 8, .order = "tp-gtp-cp-ep-dp-pp"})) == Names{"order"});
}

TEST_CASE("hybrid groups need a size that every power of two in use divides", "[oracle]") {
  for (const int world : {1, 3, 10, 14, 18, 20}) {
    INFO(world);
    CHECK(contains(fields_of(why_refused({.world = world, .hybrid = true})), "hybrid"));
  }
  for (const int world : {2, 4, 6, 8, 12, 16, 24}) {
    INFO(world);
    CHECK(why_refused({.world = world, .hybrid = true}).empty());
  }
  const NamedLists groups = megatron_core_lists({.world = 12, .hybrid = true});
  CHECK(lists_of_kind(groups, "hybrid_dp_cp_4") == Lists{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11}});
  CHECK_FALSE(contains(kinds_of(groups), "hybrid_dp_cp_8"));
}

TEST_CASE("the slices of the optimizer instances are made before hybrid groups", "[oracle]") {
  const Names kinds = kinds_of(megatron_core_lists({.world = 8, .ndo = 2, .hybrid = true}));
  const Names expected{"gtp_remat", "dp_cp", "intra_dp_cp", "hybrid_dp_cp_2", "hybrid_dp_cp_4", "dp"};
  CHECK(Names(kinds.begin(), kinds.begin() + 6) == expected);
}

TEST_CASE("a list of stages picks them in its order, and names stages there are, once", "[oracle]") {
  MegatronCoreCase job{.world = 8, .pp = 4, .embd_stages = {{3, 0, 2}}, .pos_embd_stages = {{1}}};
  const NamedLists groups = megatron_core_lists(job);
  CHECK(lists_of_kind(groups, "embd") == Lists{{6, 0, 4}, {7, 1, 5}});
  CHECK(lists_of_kind(groups, "pos_embd") == Lists{{2}, {3}});
  CHECK(megatron_core_row(groups, 2).at("in_embd") == 0);
  job.embd_stages = {{0, 4}};
  job.pos_embd_stages = {{1, 1}};
  CHECK(fields_of(why_refused(job)) == Names{"embd_stages", "pos_embd_stages"});
}

TEST_CASE("a kind that is not created has the lists of its parent", "[oracle]") {
  const NamedLists groups = megatron_core_lists({.world = 8, .tp = 2, .cp = 2});
  CHECK(lists_of_kind(groups, "gtp_remat_dp") == lists_of_kind(groups, "dp"));
  CHECK(lists_of_kind(groups, "gtp_remat_dp_cp") == lists_of_kind(groups, "dp_cp"));
  CHECK(lists_of_kind(groups, "ep_gtp_remat_dp") == lists_of_kind(groups, "ep_dp"));
  CHECK(lists_of_kind(groups, "intra_dp_cp") == lists_of_kind(groups, "dp_cp"));
  CHECK(lists_of_kind(groups, "intra_ep_dp") == lists_of_kind(groups, "ep_dp"));
  CHECK_THROWS_AS(lists_of_kind(groups, "inter_ep_dp"), std::invalid_argument);
}
