// Conventions that are tables: every recorded case, and what no recorded case decides.

#include "rankmesh/topology/convention_table.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/invariants.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/vectors.hpp"

using namespace rankmesh;
using rankmesh::tests::Json;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of;
using rankmesh::tests::read_vectors;

namespace {

using Names = std::vector<std::string>;

/// The values of a recorded case. A value of null is not given.
ConventionValues values_of(const Json& config) {
  ConventionValues values;
  for (const auto& [name, value] : config.items()) {
    if (name == "world_size") {
      value.get_to(values.world_size);
    } else if (name == "rank_offset") {
      value.get_to(values.rank_offset);
    } else if (!value.is_null()) {
      values.sizes[name] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  return values;
}

/// The lists of a layout, under the names that its system has for them.
std::map<std::string, Lists> listed(const ConventionTable& table, const Topology& topology) {
  std::map<std::string, Lists> result;
  for (const KindFamily& kind : topology.kinds()) {
    const std::string name(kind.kind.name());
    const auto row = std::find_if(table.kinds.begin(), table.kinds.end(),
                                  [&](const ConventionTable::Kind& k) { return k.name == name; });
    Lists& lists = result[row->listed_as.empty() ? name : row->listed_as];
    for (const std::vector<int>& ranks : lists_of(kind.family)) lists.push_back(ranks);
  }
  return result;
}

std::map<std::string, Lists> recorded(const Json& groups) {
  std::map<std::string, Lists> result;
  for (const auto& [kind, lists] : groups.items()) {
    // Pairs of DeepSpeed that overlap, which no kind here may do.
    if (kind != "p2p") result[kind] = lists.get<Lists>();
  }
  return result;
}

/// Everything that is wrong with values.
Names problems(const std::string& table, std::int64_t world_size, std::map<std::string, std::string> sizes) {
  try {
    static_cast<void>(
        layout_of(*find_convention_table(table), {.world_size = world_size, .sizes = std::move(sizes)}));
  } catch (const ConfigError& error) {
    Names texts;
    for (const Diagnostic& diagnostic : error.diagnostics()) texts.push_back(diagnostic.message());
    return texts;
  }
  return {};
}

/// A layout of one kind on one mesh.
Lists lists_on(const std::string& axes, const std::string& kind) {
  const Mesh mesh(parse_axes(axes));
  return lists_of(mesh.family(parse_kind(kind).groups));
}

}  // namespace

TEST_CASE("every recorded layout of a system that is a table has the same lists", "[convention_table]") {
  const std::vector<std::pair<std::string, std::string>> systems{{"vllm", "vllm"},
                                                                 {"sglang", "sglang"},
                                                                 {"tensorrt_llm", "tensorrt-llm"},
                                                                 {"megatron_bridge", "megatron-bridge"},
                                                                 {"deepspeed_grid", "deepspeed"},
                                                                 {"xdit", "xdit"}};
  for (const auto& [file, name] : systems) {
    const ConventionTable& table = *find_convention_table(name);
    const Json cases = read_vectors("systems/" + file + ".json");
    REQUIRE(cases.size() > 10);
    for (const Json& recorded_case : cases) {
      INFO(file << " " << recorded_case["config"].dump());
      const Topology topology(layout_of(table, values_of(recorded_case["config"])));
      CHECK(listed(table, topology) == recorded(recorded_case["groups"]));
      for (const BrokenInvariant& broken : check_invariants(topology)) CHECK(broken.message.empty());
    }
  }
}

TEST_CASE("recipe: a hybrid mesh of JAX", "[convention_table]") {
  int compared = 0;
  for (const Json& recorded_case : read_vectors("systems/jax_mesh.json")) {
    const Json& config = recorded_case["config"];
    // TPUs permute the devices: a matter of placement.
    if (config["platform"] != "gpu") continue;
    const auto names = config["axis_names"].get<Names>();
    const bool is_round_robin = config["devices"].get<std::string>().starts_with("round robin");
    // Row-major, the last axis the fastest. Inside a slice lies the mesh of the slice; the slices are the
    // outer mesh.
    std::string inner;
    std::string outer;
    for (std::size_t i = names.size(); i-- > 0;) {
      inner += (inner.empty() ? "" : ",") + names[i] + "=" + config["mesh_shape"][i].dump();
      outer += (outer.empty() ? "" : ",") + names[i] + "_dcn=" + config["dcn_mesh_shape"][i].dump();
    }
    const std::string axes = is_round_robin ? outer + "," + inner : inner + "," + outer;
    for (const auto& [kind, lists] : recorded_case["groups"].items()) {
      // Of a pair, the second axis is the faster.
      std::string varying;
      for (std::size_t i = names.size(); i-- > 0;) {
        if (("+" + kind + "+").find("+" + names[i] + "+") == std::string::npos) continue;
        varying += (varying.empty() ? "" : ".") + names[i] + "." + names[i] + "_dcn";
      }
      std::string numbering;
      for (std::size_t i = names.size(); i-- > 0;) {
        if (("+" + kind + "+").find("+" + names[i] + "+") != std::string::npos) continue;
        numbering += (numbering.empty() ? "#" : "+") + names[i] + "+" + names[i] + "_dcn";
      }
      INFO(axes << " " << varying << numbering);
      CHECK(lists_on(axes, "k:" + varying + numbering) == lists.get<Lists>());
      ++compared;
    }
  }
  CHECK(compared > 20);
}

TEST_CASE("recipe: groups of ColossalAI at some indices of an axis", "[convention_table]") {
  for (const Json& recorded_case : read_vectors("systems/colossalai.json")) {
    const Json& config = recorded_case["config"];
    std::string axes;
    for (std::size_t i = config["shape"].size(); i-- > 0;)
      axes += (axes.empty() ? "a" : ",a") + std::to_string(i) + "=" + config["shape"][i].dump();
    const bool is_one = config["axis"].is_number();
    const Json numbers = is_one ? Json::array({config["axis"]}) : config["axis"];
    const Json indices = is_one ? Json::array({config["indices_at_axis"]}) : config["indices_at_axis"];
    std::string kind = "k:";
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      // Members are in ascending order, whatever the order of the indices.
      auto sorted = indices[i].get<std::vector<int>>();
      std::sort(sorted.begin(), sorted.end());
      kind += (i == 0 ? "a" : "+a") + numbers[i].dump() + Json(sorted).dump();
    }
    INFO(axes << " " << kind);
    CHECK(lists_on(axes, kind) == recorded_case["groups"]["group"].get<Lists>());
  }
}

TEST_CASE("recipe: the experts of DeepSpeed's own MoE layer", "[convention_table]") {
  for (const Json& recorded_case : read_vectors("systems/deepspeed_native_moe.json")) {
    const Json& config = recorded_case["config"];
    const int model = config["model"].get<int>();
    const int pipe = config["pipe"].get<int>();
    const int data = config["world_size"].get<int>() / (model * pipe);
    const std::string axes =
        "model=" + std::to_string(model) + ",data=" + std::to_string(data) + ",pipe=" + std::to_string(pipe);
    const std::string stage = config["mp_mode"] == "tp" ? "data.model" : "model.data";
    const std::string ep = config["ep"].dump();
    INFO(config.dump());
    CHECK(lists_on(axes, "k:" + stage + "/" + ep) == recorded_case["groups"]["expert"].get<Lists>());
    CHECK(lists_on(axes, "k:" + stage + "%" + ep) == recorded_case["groups"]["expert_data"].get<Lists>());
  }
}

TEST_CASE("values that do not work are named, with values that do", "[convention_table]") {
  CHECK(problems("vllm", 16, {{"tp", "3"}}) == Names{"tp = 3 does not fit world_size = 16: external_dp is "
                                                     "world_size / (tp * pcp * pp * dp), which divides "
                                                     "16 by 3, which leaves a rest; nearest: 2, 4"});
  CHECK(problems("vllm", 16, {{"tp", "4"}, {"dcp", "3"}}) ==
        Names{"dcp = 3 does not divide tp * pcp; nearest: 2, 4"});
  CHECK(problems("sglang", 16, {{"tp", "8"}, {"pp", "4"}}) ==
        Names{"pp = 4 does not fit world_size = 16: tp=8,pp=4 has 32 ranks; or take tp = 4; nearest: 2"});
  CHECK(problems("tensorrt-llm", 4, {{"cp_type", "HELX"}}) ==
        Names{"cp_type = HELX is none of ULYSSES, HELIX; did you mean HELIX?"});
  CHECK(problems("xdit", 16, {{"tensr", "2"}}) ==
        Names{"tensr = 2 is no size of xdit; did you mean tensor?"});
  CHECK(problems("xdit", 16, {{"tensor", "x"}, {"ring", "0"}}) ==
        Names{"tensor = x is not a whole number", "ring = 0 is below 1"});
  CHECK(problems("vllm", 0, {}) == Names{"world_size = 0 is not 1 .. 2147483647"});
}

TEST_CASE("every suggestion for a table works", "[convention_table]") {
  tests::Sample sample;
  int applied = 0;
  for (const ConventionTable& table : convention_tables()) {
    for (const std::int64_t world : {8, 12, 36, 64}) {
      for (const ConventionTable::Size& size : table.sizes) {
        for (const std::int64_t value : {3, 5, 7, 48, 128}) {
          if (!sample.takes()) continue;
          const ConventionValues values{.world_size = world, .sizes = {{size.name, std::to_string(value)}}};
          try {
            static_cast<void>(layout_of(table, values));
          } catch (const ConfigError& error) {
            for (const Diagnostic& diagnostic : error.diagnostics()) {
              for (const std::int64_t nearest : diagnostic.nearest) {
                INFO(table.name << " " << world << ": " << diagnostic.message());
                ConventionValues changed = values;
                changed.sizes[diagnostic.field] = std::to_string(nearest);
                CHECK_NOTHROW(layout_of(table, changed));
                ++applied;
              }
            }
          }
        }
      }
    }
  }
  CHECK(applied > tests::share_of(300));
}

TEST_CASE("a layout of a table is placed in its job", "[convention_table]") {
  const Topology topology(
      layout_of(*find_convention_table("vllm"),
                {.world_size = 8, .sizes = {{"tp", "2"}}, .rank_offset = 4, .job_size = 16}));
  CHECK(topology.world_size() == 16);
  CHECK(lists_of(topology.family(GroupKind("tp"))).front() == std::vector<int>{4, 5});
}

TEST_CASE("rows of a table are written and read back", "[convention_table]") {
  for (const ConventionTable& table : convention_tables()) {
    CHECK(check(table).empty());
    for (const auto& size : table.sizes) CHECK(parse_convention_size(to_string(size)) == size);
    for (const auto& rule : table.rules) CHECK(parse_convention_rule(to_string(rule)) == rule);
    for (const auto& kind : table.kinds) CHECK(parse_convention_kind(to_string(kind)) == kind);
  }
  CHECK_THROWS_AS(parse_convention_rule("tp: tp > 1"), ConfigError);
  CHECK_THROWS_AS(parse_convention_kind("tp"), ConfigError);
}

TEST_CASE("every mistake of a table is told", "[convention_table]") {
  const ConventionTable table{.name = "My own",
                              .sizes = {{"tp", "1"}, {"dp", "world_sze / tp"}, {"tp", "2"}},
                              .rules = {{"pp", "tp +", "is odd"}},
                              .meshes = {"tp=tp,dp=(dp", "pp"},
                              .kinds = {{"Data", "dp"}, {"tensor", "tq"}, {"ends", "tp[0", "tp > "}}};
  Names texts;
  for (const Diagnostic& diagnostic : check(table)) texts.push_back(diagnostic.message());
  CHECK(texts ==
        Names{"name = My own is no name: lower-case letters, digits and - are allowed",
              "sizes.dp = world_sze / tp names world_sze, which is unknown here; did you mean world_size?",
              "sizes.tp is given twice", "rules.pp is about no size",
              "rules.pp = tp + ends where a value should be",
              "meshes = tp=tp,dp=(dp axis = \"dp=(dp\" has a parenthesis that is not closed behind the name",
              "meshes = pp axis = \"pp\" is not NAME=NUMBER, with a name of lower-case letters, digits and "
              "underscores",
              "kinds.Data cannot name a kind: 1 to 31 lower-case letters, digits and underscores, the first "
              "a letter",
              "kinds.Data = dp names dp, which is no axis of a mesh",
              "kinds.tensor = tq names tq, which is no axis of a mesh",
              "kinds.ends = tp >  ends where a value should be",
              "kinds.ends = tp[0 kind = \"[0\" lacks a ] at its end"});
}
