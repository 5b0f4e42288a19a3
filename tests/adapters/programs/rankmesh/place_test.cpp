// The command place: recorded cases, and every form of its output.

#include <sstream>

#include "rankmesh/cli/run.hpp"
#include "support.hpp"
#include "support/catch.hpp"
#include "support/vectors.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

std::string numbers_text(const Json& object) {
  std::string text;
  for (const auto& [name, number] : object.items())
    text += (text.empty() ? "" : ",") + name + "=" + number.dump();
  return text;
}

}  // namespace

TEST_CASE("recorded placements are reached or improved") {
  const Json cases = read_vectors("placement.json");
  REQUIRE(cases.size() == 60);
  for (const Json& entry : cases) {
    std::vector<std::string> words{"place"};
    for (const Json& word : entry["args"]) words.push_back(word.get<std::string>());
    for (const std::string& word :
         {std::string("--cluster"), entry["cluster"].get<std::string>(), std::string("--weights"),
          numbers_text(entry["weights"]), std::string("--level-costs"), numbers_text(entry["level_costs"]),
          std::string("--format"), std::string("json")}) {
      words.push_back(word);
    }
    const Outcome outcome = run_words(words);
    INFO(entry.dump() << outcome.err);
    REQUIRE(outcome.status == cli::success);
    const Json result = Json::parse(outcome.out);
    CHECK(result["cost"]["before"].get<double>() == Approx(entry["identity"].get<double>()));
    CHECK(result["cost"]["after"].get<double>() <= entry["best"].get<double>() + 1e-6);
    CHECK(result["slot_of_rank"].size() >= 8);
  }
}

TEST_CASE("a warning of groups that cross nodes names an order that ends it") {
  int warned = 0;
  for (const char* sizes :
       {"--tp 2 --pp 8", "--tp 4 --cp 2 --pp 4", "--tp 8 --pp 2 --ep 2", "--cp 4 --pp 4"}) {
    for (const char* order : {"pp-tp-cp-ep-dp", "dp-pp-tp-cp-ep", "cp-dp-tp-ep-pp"}) {
      const std::string line = std::string("show --convention megatron-core --world-size 64 ") + sizes +
                               " --kind data --cluster 'rack:2 node:4 gpu:8' --order ";
      const Outcome outcome = run_words(quoted(line + order));
      INFO(line << order << outcome.err);
      const std::string word = "groups cross nodes";
      const std::size_t warning = outcome.err.find(word);
      const std::size_t remedy = outcome.err.find("; --order ", warning);
      if (warning == std::string::npos || remedy == std::string::npos) continue;
      ++warned;
      const std::string kind = outcome.err.substr(outcome.err.rfind(' ', warning - 2) + 1,
                                                  warning - 1 - outcome.err.rfind(' ', warning - 2) - 1);
      const std::string better = split(outcome.err.substr(remedy + 10))[0];
      const Outcome again = run_words(quoted(line + better));
      CHECK(again.status == cli::success);
      CHECK(again.err.find(kind + " " + word) == std::string::npos);
    }
  }
  CHECK(warned >= 4);
}
