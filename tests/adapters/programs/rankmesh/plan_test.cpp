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
        folder.write("cluster.toml", "cluster = \"rack:4 node:2 gpu:8\"\ngpu = \"H200\"\n" + latencies);
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
  // A latency out of racks is that of the messages between racks alone.
  CHECK(step("latency_us = [\"node=2\", \"rack=5000\"]") > step("latency_us = [\"node=2\"]"));
  CHECK(step("latency_us = [\"node=2\", \"rack=5000\"]") < step("latency_us = [\"node=5000\"]"));
}

TEST_CASE("links count at the level that a cluster's file names") {
  const TemporaryFolder folder;
  const auto estimate = [&](const std::string& cluster) {
    const std::string path = folder.write("cluster.toml", "gpu = \"H100\"\n" + cluster);
    const Outcome outcome = run_words(
        quoted("estimate 'world=64 convention=megatron-core tp=4 pp=2' --model " RANKMESH_TEST_INPUTS
               "/models/dune.json --seq-length 4096 --global-batch 64 --format json --cluster " +
               path));
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return json::parse(outcome.out);
  };
  const auto data = [&](const std::string& cluster) {
    return estimate(cluster)["time_s"]["data"].get<double>();
  };
  const std::string racks = "cluster = \"rack:2 node:4 gpu:8\"\n";
  const std::string nodes = "cluster = \"node:8 gpu:8\"\n";
  const double usual = data(nodes);
  CHECK(data(racks) == usual);
  // The usual network, stated. Two members of a data group of 8 are in a node, and all in a rack.
  CHECK(data(nodes + "bandwidth_gb_s = [\"node=50\", \"gpu=450\"]") == usual);
  CHECK(data(racks + "bandwidth_gb_s = [\"rack=1\"]") == usual);
  // Tensor groups fill hosts of 4, so that data groups have one member there. Each stage has a rack.
  const std::string hosts =
      "levels = [\"rack\"]\nhosts = [\"a[0-7] slots=4 rack=x\", \"b[0-7] slots=4 rack=y\"]\n";
  const double narrow = data(hosts + "bandwidth_gb_s = [\"node=40\"]");
  CHECK(narrow > usual);
  CHECK(data(hosts + "bandwidth_gb_s = [\"node=40\", \"rack=10\"]") == narrow);
  // Hosts of the racks take turns, so that all that leaves a host leaves its rack.
  std::string mixed = "levels = [\"rack\"]\nhosts = [";
  for (int i = 0; i < 16; ++i)
    mixed += "\"h" + std::to_string(i) + " slots=4 rack=" + (i % 2 == 0 ? "x" : "y") + "\",";
  mixed += "]\n";
  CHECK(data(mixed + "bandwidth_gb_s = [\"node=40\"]") == narrow);
  CHECK(data(mixed + "bandwidth_gb_s = [\"node=40\", \"rack=10\"]") ==
        data(hosts + "bandwidth_gb_s = [\"node=10\"]"));
}

TEST_CASE("the traffic by level of hosts of several sizes is all of the traffic") {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("cluster.toml",
                   "levels = [\"rack\"]\nhosts = [\"a[0-1] slots=8 rack=x\", \"b[0-3] slots=4 rack=y\"]\n");
  const std::string words =
      "estimate 'world=32 convention=megatron-core tp=4 pp=2' --gpu H100 --model " RANKMESH_TEST_INPUTS
      "/models/dune.json --seq-length 4096 --global-batch 64 --cluster " +
      path;
  const Outcome outcome = run_words(quoted(words + " --format json"));
  REQUIRE(outcome.status == 0);
  const json found = json::parse(outcome.out);
  std::map<std::string, double> sums;
  for (const json& line : found["traffic"])
    sums[line["kind"].get<std::string>()] += line["bytes_per_step"].get<double>();
  std::map<std::string, std::map<std::string, double>> levels;
  for (const json& line : found["traffic_by_level"]) {
    const std::string place = line.contains("inside") ? "in " + line["inside"].get<std::string>()
                                                      : "between " + line["between"].get<std::string>();
    levels[line["kind"].get<std::string>()][place] += line["bytes_per_step"].get<double>();
  }
  REQUIRE(levels.size() == sums.size());
  for (const auto& [kind, sum] : sums) {
    double all = 0;
    for (const auto& [place, bytes] : levels[kind]) all += bytes;
    CHECK(all == Approx(sum).epsilon(1e-4));
  }
  CHECK(levels["tensor"] == std::map<std::string, double>{{"in node", sums["tensor"]}});
  // The ranks of the first stage are the first rack: two members of a data group in each of its hosts.
  CHECK(levels["data"]["in node"] == Approx(sums["data"] / 2).epsilon(1e-4));
  CHECK(levels["data"]["in rack"] == Approx(sums["data"] / 2).epsilon(1e-4));
  CHECK(levels["pipeline"] == std::map<std::string, double>{{"between rack", sums["pipeline"]}});
  const Outcome text = run_words(quoted(words));
  CHECK(text.out.find("inside a rack") != std::string::npos);
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
