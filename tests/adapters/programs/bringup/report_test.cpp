#include "rankmesh/bringup/report.hpp"

#include <nlohmann/json.hpp>

#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::bringup;

namespace {

Report example() {
  Report report{.config = {.world_size = 8, .tensor = 2}};
  report.kinds = {{.kind = GroupKind::data,
                   .group_count = 2,
                   .group_size = 4,
                   .made_by = GroupKind::data,
                   .milliseconds = 1.25},
                  {.kind = GroupKind::sequence, .group_count = 8, .group_size = 1},
                  {.kind = GroupKind::sequence_data,
                   .group_count = 2,
                   .group_size = 4,
                   .made_by = GroupKind::data,
                   .order = ProofResult::failed}};
  report.failures = {"sequence_data group 1 should be [1, 3, 5, 7], but ..."};
  report.communicators_made = 2;
  report.backend.library = "Some MPI 1.2";
  report.parts = {{"agreement", 0.5}, {"world", 0.25}};
  report.total_milliseconds = 2;
  return report;
}

}  // namespace

TEST_CASE("a report as text") {
  CHECK(to_text(example()) ==
        "rankmesh-bringup: world=8 tp=2\n"
        "\n"
        "kind                 groups   size  communicator                members  order           ms\n"
        "data                      2      4  made                        proven   proven        1.25\n"
        "sequence                  8      1  none (groups of one)        -        -                -\n"
        "sequence_data             2      4  shared with data            proven   FAILED           -\n"
        "\n"
        "2 communicators for 3 kinds; agreement 0.50 ms, world 0.25 ms, bring-up in all 2.00 ms\n"
        "1 failed proof:\n"
        "  sequence_data group 1 should be [1, 3, 5, 7], but ...\n");
}

TEST_CASE("a report of NCCL says how, and breaks a long line") {
  Report report = example();
  report.failures.clear();
  report.backend = {.name = "nccl",
                    .library = "NCCL 2.28.9",
                    .nccl = BackendReport::Nccl{.strategy = "mpi_split", .blocking = true, .device = 3}};
  report.parts = {{"agreement", 0.5}, {"device", 1}, {"world", 0.25}, {"identifiers", 123456}};
  report.kinds[2].members = ProofResult::failed;
  report.kinds[2].order = ProofResult::untried;
  const std::string text = to_text(report);
  CHECK_THAT(text, rankmesh::tests::ContainsSubstring(
                       "rankmesh-bringup: world=8 tp=2\n"
                       "NCCL 2.28.9, strategy mpi_split, blocking; rank 0 uses device 3\n"
                       "\n"));
  CHECK_THAT(text,
             rankmesh::tests::ContainsSubstring(
                 "sequence_data             2      4  shared with data            FAILED   untried          "
                 "-\n"));
  CHECK_THAT(text, rankmesh::tests::ContainsSubstring(
                       "2 communicators for 3 kinds; agreement 0.50 ms, device 1.00 ms, world 0.25 ms,\n"
                       "identifiers 123456.00 ms, bring-up in all 2.00 ms\n"
                       "every communicator holds its group, in order\n"));
  const auto json = nlohmann::json::parse(to_json(report));
  CHECK(json.at("backend") == "nccl");
  CHECK(json.at("library") == "NCCL 2.28.9");
  CHECK(json.at("strategy") == "mpi_split");
  CHECK(json.at("blocking") == true);
  CHECK(json.at("device") == 3);
  CHECK(json.at("milliseconds").at("identifiers") == 123456);
  CHECK(json.at("kinds").at(2).at("members_proven") == false);
  CHECK(json.at("kinds").at(2).at("order_proven") == false);
  CHECK(json.at("ok") == true);
}

TEST_CASE("the hosts of a report, with what other numbers have changed, and warnings") {
  Report report = example();
  report.failures.clear();
  report.hosts = {.hosts = {{"a", 4}, {"b", 1}},
                  .levels = {"nvlink", "node"},
                  .is_renumbered = true,
                  .rank_before = {0, 2, 1},
                  .warnings = {"something crosses"}};
  report.kinds[0].spans = {{1, 1, 1, 0}, {1, 2, 3, 1}};
  CHECK_THAT(to_text(report),
             rankmesh::tests::ContainsSubstring("bring-up in all 2.00 ms\n"
                                                "\n"
                                                "2 hosts: a (4 ranks), b (1 rank)\n"
                                                "ranks have other numbers, so that groups cross fewer hosts\n"
                                                "kind                level   touched  before\n"
                                                "data                nvlink        1       1\n"
                                                "                    node        1-2       3\n"
                                                "warning: something crosses\n"
                                                "every communicator holds its group, in order\n"));
  auto json = nlohmann::json::parse(to_json(report));
  CHECK(json.at("hosts").at(1) == nlohmann::json{{"name", "b"}, {"ranks", 1}});
  CHECK(json.at("rank_before") == std::vector{0, 2, 1});
  CHECK(json.at("warnings") == std::vector<std::string>{"something crosses"});
  const nlohmann::json node{
      {"level", "node"}, {"least", 1}, {"most", 2}, {"most_before", 3}, {"crossing_groups", 1}};
  CHECK(json.at("kinds").at(0).at("touched").at(1) == node);
  CHECK_FALSE(json.at("kinds").at(1).contains("touched"));

  report.hosts.is_renumbered = false;
  report.hosts.rank_before.clear();
  CHECK_THAT(to_text(report), rankmesh::tests::ContainsSubstring("kind                level   touched\n"
                                                                 "data                nvlink        1\n"));
  json = nlohmann::json::parse(to_json(report));
  CHECK_FALSE(json.contains("rank_before"));
  CHECK_FALSE(json.at("kinds").at(0).at("touched").at(0).contains("most_before"));
  // One host: nothing to read in the text but warnings.
  report.hosts.hosts.pop_back();
  CHECK_THAT(to_text(report), rankmesh::tests::ContainsSubstring("2.00 ms\nwarning: something crosses\n"));
}

TEST_CASE("a report as JSON") {
  const auto json = nlohmann::json::parse(to_json(example()));
  CHECK(json.at("backend") == "mpi");
  CHECK(json.at("library") == "Some MPI 1.2");
  CHECK_FALSE(json.contains("strategy"));
  CHECK(json.at("milliseconds").at("world") == 0.25);
  CHECK(json.at("ok") == false);
  CHECK(json.at("failures").size() == 1);
  CHECK(json.at("kinds").at(0).at("milliseconds") == 1.25);
  CHECK(json.at("kinds").at(1).at("communicator") == "none");
  CHECK(json.at("kinds").at(2).at("shared_with") == "data");
  CHECK(json.at("kinds").at(2).at("order_proven") == false);
  CHECK(json.at("milliseconds").at("total") == 2);
}
