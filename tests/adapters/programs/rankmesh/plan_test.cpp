#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "support.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace rankmesh::tests;
using nlohmann::json;

namespace {

std::vector<std::string> words(const std::string& command, const std::string& model) {
  return quoted(command + " --model " RANKMESH_TEST_INPUTS "/models/" + model +
                " --cluster 'node:8 gpu:8' --gpu H200 --seq-length 4096 --global-batch 128 --format json");
}

}  // namespace

TEST_CASE("a plan takes the best of the orders it may take") {
  const auto plan = [](const std::string& options) {
    const Outcome outcome = run_words(words("plan --top 2000 --micro-batch ..2" + options, "lupin.json"));
    REQUIRE(outcome.status == 0);
    const json found = json::parse(outcome.out);
    std::map<std::string, double> steps;
    for (const json& layout : found["layouts"]) {
      // The layout without its order.
      std::string text = layout["config"].get<std::string>() + " " + layout["micro_batch"].dump() + " " +
                         layout["recompute"].get<std::string>();
      const auto order = text.find(" order=");
      if (order != std::string::npos) text.erase(order, text.find(' ', order + 1) - order);
      steps[text] = layout["step_s"].get<double>();
    }
    return steps;
  };
  const auto all = plan("");
  const auto usual = plan(" --order tp-cp-ep-dp-pp");
  const auto two = plan(" --order tp-cp-ep-dp-pp,tp-cp-dp-ep-pp");
  REQUIRE(all.size() > 100);
  CHECK(usual.size() == all.size());
  int faster = 0;
  for (const auto& [layout, step] : all) {
    CHECK(step <= two.at(layout));
    CHECK(two.at(layout) <= usual.at(layout));
    faster += two.at(layout) < usual.at(layout) ? 1 : 0;
  }
  CHECK(faster > 10);
}

TEST_CASE("a step takes longer where the cluster's file has longer latencies") {
  const TemporaryFolder folder;
  const auto step = [&](const std::string& latencies) {
    const std::string cluster =
        folder.write("cluster.toml", "cluster = \"rack:2 node:4 gpu:8\"\ngpu = \"H200\"\n" + latencies);
    const Outcome outcome = run_words(
        quoted("estimate 'world=64 convention=megatron-core tp=2 ep=4 pp=2' --model " RANKMESH_TEST_INPUTS
               "/models/lupin.json --seq-length 4096 --global-batch 64 --format json --cluster " +
               cluster));
    REQUIRE(outcome.status == 0);
    return json::parse(outcome.out)["step_s"].get<double>();
  };
  const double usual = step("");
  // What is not stated is as usual, and stating it changes nothing.
  CHECK(step("latency_us = [\"gpu=4\", \"node=14\"]") == usual);
  CHECK(step("latency_us = [\"gpu=50\"]") > usual);
  CHECK(step("latency_us = [\"node=50\"]") > usual);
  CHECK(step("latency_us = [\"node=2\", \"rack=5\"]") < usual);
  // Of the links between nodes, the slowest counts.
  CHECK(step("latency_us = [\"node=2\", \"rack=50\"]") == step("latency_us = [\"node=50\"]"));
}

TEST_CASE("estimate reads back every layout that plan prints, with the same result") {
  for (const std::string model : {"dune.json", "lupin.json"}) {
    const Outcome plan = run_words(words("plan --top 3000 --micro-batch ..2", model));
    REQUIRE(plan.status == 0);
    const json found = json::parse(plan.out);
    REQUIRE(found["layouts"].size() > 100);
    std::set<std::string> seen;
    int number = 0;
    for (const json& layout : found["layouts"]) {
      const auto config = layout["config"].get<std::string>();
      // Each takes a run: one for each combination of the sizes that the text has, and every seventh.
      std::string sizes;
      for (const char* size : {"tp=", "cp=", "pp=", "vpp=", "ep=", "etp=", "order="})
        sizes += config.find(std::string(" ") + size) != std::string::npos ? '1' : '0';
      if (!seen.insert(sizes).second && ++number % 7 != 0) continue;
      INFO(config);
      std::vector<std::string> again = words("estimate", model);
      again.insert(again.begin() + 1, config);
      again.insert(again.end(), {"--micro-batch", std::to_string(layout["micro_batch"].get<int>()),
                                 "--recompute", layout["recompute"].get<std::string>()});
      const Outcome estimate = run_words(again);
      CHECK(estimate.err.empty());
      REQUIRE(estimate.status == 0);
      CHECK(json::parse(estimate.out) == layout);
    }
    CHECK(seen.size() > 8);
  }
}
