// The program rankmesh-bringup, started with mpiexec.

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "support/catch.hpp"

using namespace rankmesh::tests;
using Json = nlohmann::json;

namespace {

struct Outcome {
  int exit_code = -1;
  std::string output;
};

/// Runs a command; `output` is what it printed to stdout.
Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    outcome.output.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

std::string part(int processes, const std::string& options) {
  return std::to_string(processes) + " " RANKMESH_BRINGUP " " + options;
}

Outcome bring_up(int processes, const std::string& options, const std::string& redirection = "2>/dev/null") {
  return run(RANKMESH_MPIEXEC " " + part(processes, options) + " " + redirection);
}

Json kind_named(const Json& report, const std::string& name) {
  for (const Json& kind : report.at("kinds")) {
    if (kind.at("kind") == name) return kind;
  }
  return {};
}

}  // namespace

TEST_CASE("the example of 16 ranks is brought up and proven") {
  const Outcome outcome = bring_up(16, "--tp 2 --pp 4 --fp8 --format json");
  CHECK(outcome.exit_code == 0);
  const Json report = Json::parse(outcome.output);
  CHECK(report.at("ok") == true);
  CHECK(report.at("config") == "world=16 tp=2 pp=4 fp8");
  CHECK(report.at("kinds").size() == 9);
  CHECK(report.at("failures").empty());
  for (const Json& kind : report.at("kinds")) {
    if (kind.at("communicator") == "none") continue;
    CHECK(kind.at("members_proven") == true);
    CHECK(kind.at("order_proven") == true);
  }
  const Json model = kind_named(report, "model");
  CHECK(model.at("groups") == 2);
  CHECK(model.at("size") == 8);
  CHECK(model.at("communicator") == "made");
  CHECK(model.at("milliseconds") >= 0);
  CHECK(kind_named(report, "sequence_data").at("shared_with") == "data");
  CHECK(kind_named(report, "sequence").at("communicator") == "none");
  CHECK(report.at("communicators_made") == 8 + 2 + 8 + 4 + 4 + 4);
}

TEST_CASE("the text names every kind and what became of it") {
  const Outcome outcome = bring_up(6, "--tp 1 --pp 3 --split-rank 1");
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.output, ContainsSubstring("rankmesh-bringup: world=6 pp=3 split-rank=1\n"));
  CHECK_THAT(outcome.output, ContainsSubstring("embedding                 2      3  shared with model"));
  CHECK_THAT(outcome.output, ContainsSubstring("tensor                    6      1  none (groups of one)"));
  CHECK_THAT(outcome.output, ContainsSubstring("every communicator holds its group, in order"));
}

TEST_CASE("other layouts, sequence parallelism and one process") {
  CHECK(bring_up(1, "--fp8").exit_code == 0);
  CHECK(bring_up(8, "--sp 4 --fp8 --amax-rule product --distributed-optimizer").exit_code == 0);
  CHECK(bring_up(12, "--tp 2 --pp 3 --vpp 2").exit_code == 0);
}

TEST_CASE("bad input is said once, with everything that is wrong, and nothing on stdout") {
  CHECK(bring_up(4, "--tp 3 --pp 0 --format yaml").output.empty());
  const Outcome outcome = bring_up(4, "--tp 3 --pp 0 --format yaml", "2>&1 >/dev/null");
  CHECK(outcome.exit_code == 2);
  for (const char* expected :
       {"tensor = 3 does not divide world_size = 4", "pipeline = 0 is below 1", "yaml"}) {
    const std::size_t found = outcome.output.find(expected);
    CAPTURE(expected, outcome.output);
    CHECK(found != std::string::npos);
    CHECK(outcome.output.find(expected, found + 1) == std::string::npos);
  }
}

TEST_CASE("bad input on some ranks only ends all of them") {
  CHECK(bring_up(2, "--tp 2 : -n " + part(2, "--tp two")).exit_code == 2);
}

TEST_CASE("ranks that disagree all end, with one message") {
  const Outcome outcome = bring_up(2, "--tp 2 : -n " + part(2, "--tp 4 --fp8"), "2>&1 >/dev/null");
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.output, ContainsSubstring("rankmesh-bringup: the ranks do not agree on 2 fields:\n"
                                               "  tensor = 2 on ranks 0-1, 4 on ranks 2-3\n"
                                               "  fp8 = false on ranks 0-1, true on ranks 2-3\n"));
}

TEST_CASE("a world size other than the number of processes is an error") {
  const Outcome outcome = bring_up(4, "--world-size 8", "2>&1 >/dev/null");
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.output, ContainsSubstring("world_size = 8 on ranks 0-3; it must be 4"));
}

TEST_CASE("help is printed once") {
  const Outcome outcome = bring_up(3, "--help");
  CHECK(outcome.exit_code == 0);
  const std::size_t found = outcome.output.find("mpiexec -n 16 rankmesh-bringup");
  CHECK(found != std::string::npos);
  CHECK(outcome.output.find("mpiexec -n 16 rankmesh-bringup", found + 1) == std::string::npos);
}
