// The oracle for the groups of Megatron-Core says what Megatron-Core was recorded to do.

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/megatron_core_oracle.hpp"
#include "support/megatron_core_vectors.hpp"

using rankmesh::tests::fields_to_blame;
using rankmesh::tests::Json;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of_kind;
using rankmesh::tests::megatron_core_lists;
using rankmesh::tests::megatron_core_row;
using rankmesh::tests::MegatronCoreCase;
using rankmesh::tests::NamedLists;
using rankmesh::tests::read_megatron_core_case;
using rankmesh::tests::recorded_lists;
using rankmesh::tests::Refusal;
using rankmesh::tests::why_refused;

namespace {

using Names = std::vector<std::string>;

Names kinds_of(const NamedLists& groups) {
  Names kinds;
  for (const auto& [kind, lists] : groups) {
    if (rankmesh::tests::is_recorded(kind)) kinds.push_back(kind);
  }
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

}  // namespace

TEST_CASE("the file of Megatron-Core has the cases it is known to have", "[oracle]") {
  CHECK(rankmesh::tests::megatron_core_vectors().at("cases").size() == rankmesh::tests::megatron_core_cases);
  CHECK(rankmesh::tests::megatron_core_vectors().at("rejected").size() ==
        rankmesh::tests::megatron_core_rejected);
}

TEST_CASE("the oracle makes the recorded kinds and lists, in order", "[oracle]") {
  for (const Json& item : rankmesh::tests::megatron_core_vectors().at("cases")) {
    INFO(item.at("config").dump());
    const MegatronCoreCase job = read_megatron_core_case(item.at("config"));
    REQUIRE(fields_of(why_refused(job)) == Names{});
    const NamedLists groups = megatron_core_lists(job);

    Names expected_kinds;
    for (const auto& [kind, lists] : item.at("groups").items()) expected_kinds.push_back(kind);
    REQUIRE(kinds_of(groups) == expected_kinds);
    for (const auto& [kind, lists] : groups) {
      INFO(kind);
      if (!rankmesh::tests::is_recorded(kind)) continue;
      CHECK(lists == recorded_lists(item.at("groups"), kind));
    }
  }
}

TEST_CASE("the oracle tells every rank what was recorded", "[oracle]") {
  const auto columns = rankmesh::tests::megatron_core_vectors().at("rank_columns").get<Names>();
  std::size_t rows = 0;
  for (const Json& item : rankmesh::tests::megatron_core_vectors().at("cases")) {
    const NamedLists groups = megatron_core_lists(read_megatron_core_case(item.at("config")));
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
  CHECK(rows == rankmesh::tests::megatron_core_rows);
}

TEST_CASE("the oracle refuses what was rejected, and blames what is to blame", "[oracle]") {
  for (const Json& item : rankmesh::tests::megatron_core_vectors().at("rejected")) {
    const MegatronCoreCase job = read_megatron_core_case(item.at("config"));
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

TEST_CASE("equal pipelines suffice, though Megatron-Core asks for more where pp is not the last axis",
          "[oracle]") {
  // The stride of pp is tp = 2 in the dense mesh, and etp * ep = 2 in the expert mesh.
  MegatronCoreCase job{.world = 16, .tp = 2, .cp = 2, .ep = 2, .pp = 2, .etp = 1, .order = "tp-ep-pp-cp-dp"};
  CHECK(why_refused(job).empty());
  job.order = "tp-cp-ep-pp-dp";
  CHECK(fields_of(why_refused(job)) == Names{"order"});
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
