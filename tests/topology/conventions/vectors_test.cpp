// Every recorded case of the reference module: the lists, the order of the kinds, and the values of each
// rank.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/vectors.hpp"

using rankmesh::ConfigError;
using rankmesh::GroupFamily;
using rankmesh::GroupKind;
using rankmesh::ParallelConfig;
using rankmesh::Topology;
using rankmesh::tests::Json;
using rankmesh::tests::Lists;
using rankmesh::tests::read_vector_config;
using rankmesh::tests::read_vectors;

namespace {

// The number of cases in the file, so that a lost case fails the test.
constexpr std::size_t expected_cases = 193;
constexpr std::size_t expected_rejected = 45;

const Json& reference() {
  static const Json json = read_vectors("reference.json");
  return json;
}

/// The topology's values for one rank, in the format of the file.
std::map<std::string, std::optional<std::int64_t>> row_of(const Topology& topology, int rank) {
  using K = GroupKind;
  std::map<std::string, std::optional<std::int64_t>> row{{"rank", rank}};
  const auto group = [&](K kind) -> std::optional<std::int64_t> {
    const GroupFamily* family = topology.find(kind);
    const auto place = family == nullptr ? std::nullopt : family->locate(rank);
    return place ? std::optional<std::int64_t>(place->group) : std::nullopt;
  };
  const auto position = [&](K kind) { return topology.group_of(kind, rank).position_of(rank); };
  const auto size = [&](K kind) { return topology.group_of(kind, rank).size(); };
  row["dp"] = group(K::data);
  row["sp"] = group(K::sequence);
  row["sdp"] = group(K::sequence_data);
  row["mp"] = group(K::model);
  row["tp"] = group(K::tensor);
  row["pp"] = group(K::pipeline);
  row["embedding"] = group(K::embedding);
  row["position_embedding"] = group(K::position_embedding);
  row["amax"] = group(K::amax);
  row["sp_world_size"] = size(K::sequence);
  row["sp_rank"] = position(K::sequence);
  row["sp_src_rank"] = topology.group_of(K::sequence, rank).front();
  row["sdp_world_size"] = size(K::sequence_data);
  row["sdp_rank"] = position(K::sequence_data);
  row["dp_rank_in_dp_group"] = position(K::data);
  row["tp_rank_in_tp_group"] = position(K::tensor);
  row["pp_rank_in_pp_group"] = position(K::pipeline);
  row["mp_rank_in_mp_group"] = position(K::model);
  return row;
}

}  // namespace

TEST_CASE("the file of the reference has the cases it is known to have", "[vectors]") {
  CHECK(reference().at("cases").size() == expected_cases);
  CHECK(reference().at("rejected").size() == expected_rejected);
}

TEST_CASE("kinds and lists are those of the reference, in its order", "[vectors]") {
  std::size_t cases = 0;
  for (const Json& item : reference().at("cases")) {
    const ParallelConfig config = read_vector_config(item.at("config"));
    INFO(to_string(config));
    const Topology topology(config);

    std::vector<std::string> expected_kinds;
    for (const auto& [kind, lists] : item.at("groups").items()) expected_kinds.push_back(kind);
    std::vector<std::string> kinds;
    for (const auto& kind : topology.kinds()) kinds.emplace_back(kind.kind.name());
    REQUIRE(kinds == expected_kinds);

    for (const auto& [kind, lists] : item.at("groups").items()) {
      INFO(kind);
      const auto expected = lists.get<Lists>();
      const GroupFamily& family = topology.family(GroupKind(kind));
      CHECK(rankmesh::tests::lists_of(family) == expected);
      CHECK(rankmesh::tests::enumerated_lists_of(family) == expected);
    }
    ++cases;
  }
  CHECK(cases == expected_cases);
}

TEST_CASE("every rank is told what the reference tells it", "[vectors]") {
  const auto columns = reference().at("rank_columns").get<std::vector<std::string>>();
  std::size_t rows = 0;
  std::size_t in_no_group = 0;
  for (const Json& item : reference().at("cases")) {
    const ParallelConfig config = read_vector_config(item.at("config"));
    const Topology topology(config);
    REQUIRE_FALSE(item.at("ranks").empty());
    for (const Json& expected : item.at("ranks")) {
      const int rank = expected.at(0).get<int>();
      INFO(to_string(config) << ", rank " << rank);
      const auto row = row_of(topology, rank);
      REQUIRE(expected.size() == columns.size());
      REQUIRE(row.size() == columns.size());
      for (std::size_t i = 0; i < columns.size(); ++i) {
        INFO(columns[i]);
        REQUIRE(row.count(columns[i]) == 1);
        const auto value =
            expected.at(i).is_null() ? std::nullopt : std::optional(expected.at(i).get<std::int64_t>());
        CHECK(row.at(columns[i]) == value);
        in_no_group += value ? 0U : 1U;
      }
      CHECK(row.at("sp_src_rank") == rank / config.sequence * config.sequence);
      ++rows;
    }
  }
  CHECK(rows > 1000);
  CHECK(in_no_group > 1000);
}

TEST_CASE("what the reference rejects is refused, with the field named", "[vectors]") {
  std::size_t named = 0;
  for (const Json& item : reference().at("rejected")) {
    const ParallelConfig config = read_vector_config(item.at("config"));
    INFO(to_string(config) << ": " << item.at("why").get<std::string>());
    const auto diagnostics = check(config);
    CHECK_FALSE(diagnostics.empty());
    CHECK_THROWS_AS(Topology(config), ConfigError);
    if (!item.contains("field")) continue;
    const auto field = item.at("field").get<std::string>();
    CHECK(std::any_of(diagnostics.begin(), diagnostics.end(),
                      [&](const auto& diagnostic) { return diagnostic.field == field; }));
    ++named;
  }
  CHECK(named > 0);
}
