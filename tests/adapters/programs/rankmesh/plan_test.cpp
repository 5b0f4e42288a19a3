#include <nlohmann/json.hpp>
#include <set>

#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh::tests;
using nlohmann::json;

namespace {

std::vector<std::string> words(const std::string& command, const std::string& model) {
  return quoted(command + " --model " RANKMESH_TEST_INPUTS "/models/" + model +
                " --cluster 'node:8 gpu:8' --gpu H200 --seq-length 4096 --global-batch 128 --format json");
}

}  // namespace

TEST_CASE("estimate reads back every layout that plan prints, with the same result") {
  for (const std::string model : {"dune.json", "lupin.json"}) {
    const Outcome plan = run_words(words("plan --top 3000 --max-micro-batch 2", model));
    REQUIRE(plan.status == 0);
    const json found = json::parse(plan.out);
    REQUIRE(found["layouts"].size() > 100);
    std::set<std::string> seen;
    int number = 0;
    for (const json& layout : found["layouts"]) {
      const auto config = layout["config"].get<std::string>();
      // Each takes a run: one for each combination of the sizes that the text has, and every seventh.
      std::string sizes;
      for (const char* size : {"tp=", "cp=", "pp=", "vpp=", "ep=", "etp="})
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
