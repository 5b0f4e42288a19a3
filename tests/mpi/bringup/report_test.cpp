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
                   .order_proven = false}};
  report.failures = {"sequence_data group 1 should be [1, 3, 5, 7], but ..."};
  report.communicators_made = 2;
  report.agreement_milliseconds = 0.5;
  report.duplicate_milliseconds = 0.25;
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
        "2 communicators for 3 kinds; agreement 0.50 ms, duplicate 0.25 ms, bring-up in all 2.00 ms\n"
        "1 failed proof:\n"
        "  sequence_data group 1 should be [1, 3, 5, 7], but ...\n");
}

TEST_CASE("a report as JSON") {
  const auto json = nlohmann::json::parse(to_json(example()));
  CHECK(json.at("ok") == false);
  CHECK(json.at("failures").size() == 1);
  CHECK(json.at("kinds").at(0).at("milliseconds") == 1.25);
  CHECK(json.at("kinds").at(1).at("communicator") == "none");
  CHECK(json.at("kinds").at(2).at("shared_with") == "data");
  CHECK(json.at("kinds").at(2).at("order_proven") == false);
  CHECK(json.at("milliseconds").at("total") == 2);
}
