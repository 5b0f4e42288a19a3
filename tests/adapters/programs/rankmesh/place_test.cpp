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
