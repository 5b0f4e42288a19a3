// What all commands have in common: JSON, lines that fit, numbers and their nouns, memory.

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "command.hpp"
#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

const std::string small = " --world-size 16 --tp 2 --pp 4";
const std::string megatron =
    " --convention megatron-core --world-size 1048576 --tp 8 --cp 2 --pp 16 --ep 8 --optimizer-instances 2";
const std::string machine = " --cluster 'node:8 gpu:8' --gpu H100 --seq-length 4096 --global-batch 256";
const std::string job = " --model " RANKMESH_TEST_INPUTS "/models/dune.json" + machine;
const std::string job_of_experts = " --model " RANKMESH_TEST_INPUTS "/models/spruce.json" + machine;
const std::string largest = " --world-size 2147483647 --gpus-per-node 7";

/// Command lines of each command that prints data.
std::map<std::string, std::vector<std::string>> lines() {
  return {
      {"groups", {small, small + " --gpus-per-node 5", megatron + " --gpus-per-node 8", largest}},
      {"rank",
       {" 5" + small + " --vpp 2 --layers 16 --gpus-per-node 5", " 1000003" + megatron + " --gpus-per-node 8",
        " 2147483646" + largest, " 5" + small + " --kind tensor --kind data --all"}},
      {"show",
       {small, small + " --gpus-per-node 5", megatron + " --gpus-per-node 8", largest,
        megatron + " --names short", small + " --kind data"}},
      {"mesh", {" --axes tp=2,dp=4,pp=2 --gpus-per-node 3", " --axes a=1024,b=1024 --groups all,a,b"}},
      {"cluster", {" 'rack:8 node:18 gpu:4'", " 'login,node[01-16]' --gpus-per-node 8"}},
      {"place",
       {small + " --cluster 'node:4 gpu:4'",
        small + " --cluster 'node[1-2]' --gpus-per-node 8 --weights data=1",
        " --convention megatron-core --world-size 64 --tp 2 --pp 8 --order pp-tp-cp-ep-dp --cluster 'node:8 "
        "gpu:8'"}},
      {"survive",
       {small + " --lost-ranks 3", small + " --cluster 'node:4 gpu:4' --lost-nodes 3 --spares 4",
        " 'world=1024 convention=megatron-core tp=8 pp=4 ep=8' --cluster 'rack:16 node:8 gpu:8' --any rack",
        " 'world=1024 tp=8 pp=4' --gpus-per-node 8 --lost-nodes 17 --allow tp,pp"}},
      {"conventions", {"", " vllm"}},
      {"translate", {" --from megatron 'tp=2 pp=2' --world-size 8 --to devicemesh --to rankmesh"}},
      {"diff",
       {" 'world=16 tp=2 pp=4' 'world=16 tp=4 pp=2'",
        " 'world=1048576 convention=megatron-core tp=8 cp=2 pp=16 ep=8' 'world=1048576 "
        "convention=megatron-core "
        "tp=4 cp=4 pp=16 ep=8'",
        " 'world=2147483646 tp=2' 'world=2147483647'"}},
      {"reshard",
       {" 'world=16 tp=2 pp=4' 'world=16 tp=4 pp=2' --layers 16 --hidden 64 --vocab 100",
        " 'world=64 convention=megatron-core tp=2 ep=8 pp=4' 'world=32 convention=megatron-core tp=2 ep=4 "
        "pp=2' "
        "--model " RANKMESH_TEST_INPUTS "/models/spruce.json --lost-ranks 3,8-11 --cluster 'node:8 gpu:8'"}},
      {"model",
       {" " RANKMESH_TEST_INPUTS "/models/umber.json", " " RANKMESH_TEST_INPUTS "/models/poppy.json"}},
      {"estimate",
       {" --tp 4 --pp 4" + job, " 'world=64 convention=megatron-core tp=2 ep=8 pp=4'" + job_of_experts}},
      {"plan", {job, job_of_experts + " --top 3"}},
      {"modules", {" 'world=8 tp=2' 'world=8 convention=megatron-core tp=4 rank-offset=8'"}},
  };
}

/// The commands that print something else than data: pictures, files, scripts.
const std::set<std::string> without_data{"draw", "export", "completion"};

Outcome run_quoted(const std::string& line, std::size_t width = cli::default_width) {
  return run_words(quoted(line), {}, width);
}

}  // namespace

TEST_CASE("every command that prints data prints it as JSON") {
  const auto examples = lines();
  int commands = 0;
  for (const auto& command : cli::all_commands()) {
    if (command->spec().is_hidden || without_data.count(command->name()) > 0) continue;
    INFO(command->name());
    ++commands;
    const auto options = command->options();
    const auto format = std::find_if(options.begin(), options.end(),
                                     [](const cli::Option* option) { return option->name() == "--format"; });
    REQUIRE(format != options.end());
    const auto& choices = (*format)->spec().choices;
    CHECK(std::any_of(choices.begin(), choices.end(), [](const cli::Choice& c) { return c.name == "json"; }));
    if (command->name() == "check") continue;  // needs files: see the golden output
    REQUIRE(examples.count(command->name()) == 1);
    for (const std::string& line : examples.at(command->name())) {
      // A list of all groups of a large world is long.
      if (command->name() == "groups" && line != small) continue;
      INFO(line);
      const Outcome outcome = run_quoted(command->name() + line + " --format json");
      CHECK((outcome.status == cli::success || outcome.status == cli::different));
      CHECK(nlohmann::json::parse(outcome.out).is_object());
    }
  }
  CHECK(commands == 16);
}

TEST_CASE("tables and paragraphs keep to the width of the lines, and use it") {
  for (const auto& [command, examples] : lines()) {
    // These print layouts, each on one line.
    if (command == "translate" || command == "modules") continue;
    for (const std::string& example : examples) {
      std::size_t widest_before = 0;
      for (const std::size_t width : {60, 80, 120, 200}) {
        INFO(command << example << " at " << width);
        std::istringstream out(run_quoted(command + example, width).out);
        std::size_t widest = 0;
        for (std::string line; std::getline(out, line);) {
          INFO(line);
          // A layout is one line, and with --all a list.
          if (line.starts_with("configuration: ") || example.find("--all") != std::string::npos) continue;
          widest = std::max(widest, line.size());
          const std::string word = line.substr(std::min(line.find_first_not_of(' '), line.size()));
          CHECK((line.size() <= width || word.find(' ') == std::string::npos));
        }
        CHECK(widest >= widest_before);
        widest_before = widest;
      }
    }
  }
}

TEST_CASE("the width of lines: the terminal, COLUMNS, 100") {
  CHECK(cli::width_of_lines(132, "70") == 132);
  CHECK(cli::width_of_lines(0, "70") == 70);
  CHECK(cli::width_of_lines(0, nullptr) == 100);
  for (const char* word : {"", "0", "-5", "wide", "80x", "99999999999999999999999"}) {
    CHECK(cli::width_of_lines(0, word) == 100);
  }
  CHECK(cli::width_of_lines(3, nullptr) == 40);
  CHECK(cli::width_of_lines(0, "3") == 40);
}

TEST_CASE("one thing is not several, and a vowel has its article") {
  const std::regex wrong(
      "\\b1 (rank|group|node|host|GPU|slot|step|member|kind|layer|range)s\\b|\\b[Aa] [aeio]");
  const auto check_words = [&](const std::string& line) {
    INFO(line);
    const Outcome outcome = run_quoted(line);
    INFO(outcome.err);
    std::smatch found;
    const std::string text = outcome.out + outcome.err;
    CHECK_FALSE(std::regex_search(text, found, wrong));
    INFO(found.str());
  };
  const std::string experts = " --convention megatron-core --world-size 8 --ep 4 --tp 2";
  const auto kinds = nlohmann::json::parse(run_line("show --format json" + experts).out).at("kinds");
  REQUIRE(kinds.size() > 15);
  for (const auto& kind : kinds) {
    const std::string of_kind = " --kind " + kind.at("kind").get<std::string>();
    check_words("export --format rankfile --hosts a --gpus-per-node 1" + experts + of_kind);
    check_words("export --format rankfile --hosts a --gpus-per-node 9" + experts + of_kind);
    check_words("rank 0 --gpus-per-node 8" + experts + of_kind);
    check_words("groups --gpus-per-node 8" + experts + of_kind);
  }
  for (const std::string one :
       {"show --world-size 1 --gpus-per-node 1", "groups --world-size 1 --gpus-per-node 1",
        "rank 0 --world-size 1 --gpus-per-node 1", "rank 1 --world-size 1",
        "show --world-size 9 --gpus-per-node 8", "mesh --axes a=1", "diff 'world=1' 'world=2'",
        "modules 'world=1'", "modules 'world=1' --job-size 3"}) {
    check_words(one);
  }
}
