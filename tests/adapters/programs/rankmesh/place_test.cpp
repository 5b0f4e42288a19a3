// The command place: recorded cases, and every form of its output.

#include <sstream>

#include "rankmesh/cli/run.hpp"
#include "support.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
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

TEST_CASE("every file of a placement is read back as the same placement") {
  for (const char* layout :
       {"world=64 tp=2 pp=8 convention=megatron-core order=pp-tp-cp-ep-dp", "world=32 tp=4 pp=4",
        "world=16 tp=2 pp=8 convention=megatron-core order=pp-tp-cp-ep-dp"}) {
    for (const char* cluster : {"node:8 gpu:8", "rack:4 node:4 gpu:4"}) {
      const std::vector<std::string> place{"place", layout, "--cluster", cluster, "--format"};
      const auto spans_with = [&](const std::string& format) {
        std::vector<std::string> words = place;
        words.push_back(format);
        const Outcome file = run_words(words);
        INFO(layout << " on " << cluster << " as " << format << ": " << file.err);
        REQUIRE(file.status == cli::success);
        const TemporaryFolder folder;
        const std::string path = folder.write("placement", file.out);
        const Outcome shown =
            run_words({"groups", layout, "--cluster", cluster, "--placement", path, "--format", "csv"});
        INFO(shown.err);
        REQUIRE(shown.status == cli::success);
        return shown.out;
      };
      const std::string ranks = spans_with("ranks");
      for (const char* format : {"rankfile", "hostfile", "hydra", "slurm"})
        CHECK(spans_with(format) == ranks);
    }
  }
}

TEST_CASE("a story: the host that launches comes first, whatever the hostfile says") {
  const Json story = read_vectors("placement_stories/sorrel.json");
  std::string hosts;
  for (const Json& name : story["hostfile"]) hosts += name.get<std::string>() + " slots=4\n";
  const TemporaryFolder folder;
  const std::string file = folder.write("hosts", hosts);
  const Outcome rank =
      run_words({"groups", "world=8 tp=1", "--cluster", file, "--kind", "tensor", "--format", "json"});
  REQUIRE(rank.status == cli::success);
  const Json domains = Json::parse(rank.out)["domains"]["node"]["tensor"];
  for (std::size_t i = 0; i < 8; ++i) CHECK(domains[i][0] == story["arrangements"]["expected"][i]);
  // The file says what Open MPI does with the order, and the form that keeps it is another.
  const std::vector<std::string> place{"place", "world=8 tp=4", "--cluster", file, "--format"};
  std::vector<std::string> words = place;
  words.emplace_back("hostfile");
  CHECK(run_words(words).out ==
        "# Open MPI keeps this order only where mpiexec runs on nodeB or on none of the hosts\n"
        "nodeB slots=4\nnodeA slots=4\n");
}

TEST_CASE("the report of a job that ran is a placement") {
  const TemporaryFolder folder;
  const std::string list = folder.write("list", "n1\nn2\nn1\nn2\n");
  const std::string report =
      folder.write("report", R"({"kinds": [], "host_of_rank": ["n1", "n2", "n1", "n2"], "ok": true})");
  const auto groups = [&](const std::string& placement) {
    return run_words({"groups", "world=4 tp=2", "--cluster", "n[1-2]", "--gpus-per-node", "2", "--placement",
                      placement, "--format", "csv"});
  };
  CHECK(groups(report).status == cli::success);
  CHECK(groups(report).out == groups(list).out);
  CHECK(groups(report).out != run_words({"groups", "world=4 tp=2", "--cluster", "n[1-2]", "--gpus-per-node",
                                         "2", "--format", "csv"})
                                  .out);
  // Another JSON is no placement.
  CHECK(groups(folder.write("other", R"({"host_of_rank": [1, 2, 1, 2]})")).status == cli::bad_input);
}
