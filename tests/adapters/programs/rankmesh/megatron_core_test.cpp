// The program prints the groups of every recorded case of Megatron-Core.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support.hpp"
#include "support/catch.hpp"
#include "support/megatron_core_vectors.hpp"

using namespace rankmesh::tests;

namespace {

/// The options for a case.
std::string options_of(const MegatronCoreCase& job) {
  std::string line = " --convention megatron-core";
  const auto add = [&](const char* option, const std::string& value) {
    line.append(" --").append(option).append(" ").append(value);
  };
  const auto add_list = [&](const char* option, const std::vector<int>& values) {
    std::string text;
    for (const int value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
    if (!text.empty()) add(option, text);
  };
  add("world-size", std::to_string(job.local_world.value_or(job.world)));
  add("job-size", std::to_string(job.world));
  for (const auto& [option, size] : {std::pair("tp", job.tp),
                                     {"cp", job.cp},
                                     {"ep", job.ep},
                                     {"pp", job.pp},
                                     {"gtp", job.gtp},
                                     {"egtp", job.egtp},
                                     {"optimizer-instances", job.ndo},
                                     {"rank-offset", job.rank_offset}}) {
    add(option, std::to_string(size));
  }
  if (job.etp) add("etp", std::to_string(*job.etp));
  if (job.vpp) add("vpp", std::to_string(*job.vpp));
  add("order", job.order);
  add_list("hierarchical-cp", job.hcp);
  if (job.hybrid) line += " --hybrid-cp";
  if (job.embd_stages) add_list("embedding-stages", *job.embd_stages);
  if (job.pos_embd_stages) add_list("position-embedding-stages", *job.pos_embd_stages);
  return line;
}

}  // namespace

TEST_CASE("groups prints the recorded kinds and lists, in order, under the names of Megatron-Core") {
  std::size_t cases = 0;
  for (const Json& item : megatron_core_vectors().at("cases")) {
    const std::string line =
        "groups --names short --format json" + options_of(read_megatron_core_case(item.at("config")));
    INFO(line);
    const Outcome outcome = run_line(line);
    REQUIRE(outcome.err.empty());
    REQUIRE(outcome.status == 0);
    const Json printed = Json::parse(outcome.out);
    Json recorded = Json::object();
    for (const auto& [kind, lists] : printed.at("groups").items()) {
      if (is_recorded(kind)) recorded[kind] = lists;
    }
    const MegatronCoreCase job = read_megatron_core_case(item.at("config"));
    CHECK(printed.at("world_size") == job.local_world.value_or(job.world));
    Json expected = Json::object();
    for (const auto& [kind, lists] : item.at("groups").items()) {
      expected[kind] = recorded_lists(item.at("groups"), kind);
    }
    // Compared as text, since the order of the kinds matters.
    CHECK(recorded.dump() == expected.dump());
    ++cases;
  }
  CHECK(cases == megatron_core_cases);
}

TEST_CASE("layouts that Megatron-Core rejects are bad input") {
  for (const Json& item : megatron_core_vectors().at("rejected")) {
    const std::string line = "groups" + options_of(read_megatron_core_case(item.at("config")));
    INFO(line);
    const Outcome outcome = run_line(line);
    CHECK(outcome.status == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.find("error: --") != std::string::npos);
  }
}

TEST_CASE("--kind takes the long and the short name, and the names of kinds with the same groups") {
  const std::string options =
      " --convention megatron-core --world-size 16 --tp 2 --cp 2 --format csv --kind ";
  const std::string expected = run_line("groups" + options + "data_context").out;
  CHECK(expected.starts_with("kind,group,ranks\ndata_context,0,0 2 4 6 8 10 12 14\n"));
  CHECK(run_line("groups" + options + "dp_cp").out == expected);
  CHECK(run_line("groups" + options + "intra_dp_cp").out == expected);
  CHECK(run_line("groups" + options + "dp_cp --kind data_context").out == expected);
}
