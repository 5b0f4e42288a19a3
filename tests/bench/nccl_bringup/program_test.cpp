// nccl_bringup_bench on the stand-in for NCCL, started with mpiexec.

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace rankmesh::tests;
using Json = nlohmann::json;

namespace {

constexpr std::int64_t mebibyte = std::int64_t{1} << 20;
/// What the stand-in says of a communicator.
constexpr std::int64_t bytes_per_communicator = (64 + 16 * 4) * mebibyte;

struct Outcome {
  int exit_code = -1;
  std::string output;
};

/// What a run is told.
struct Run {
  int processes = 1;
  std::string options{};
  /// `NAME=value` words.
  std::string environment{};
  const char* program = RANKMESH_PROGRAM;
  std::string redirection = "2>/dev/null";
};

Outcome run(const Run& what) {
  const std::string command = "env " + what.environment + " " RANKMESH_MPIEXEC " " +
                              std::to_string(what.processes) + " " + what.program + " " + what.options + " " +
                              what.redirection;
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

/// The ways in the order of the table: name, and whether they block.
const std::vector<std::pair<std::string, bool>>& ways() {
  static const std::vector<std::pair<std::string, bool>> all{
      {"unique_id", false},  {"unique_id", true},  {"mpi_split", false},      {"mpi_split", true},
      {"nccl_split", false}, {"nccl_split", true}, {"naive_broadcast", true}, {"naive_split", true}};
  return all;
}

Json rows_of(const Json& report, const std::string& way) {
  Json rows = Json::array();
  for (const Json& row : report.at("rows")) {
    if (row.at("way") == way) rows.push_back(row);
  }
  return rows;
}

bool any_contains(const Json& texts, const std::string& part) {
  for (const Json& text : texts) {
    if (text.get<std::string>().find(part) != std::string::npos) return true;
  }
  return false;
}

void expect_counts(const Json& report, const std::string& way, int identifiers, int communicators) {
  CAPTURE(way);
  const Json rows = rows_of(report, way);
  CHECK(!rows.empty());
  for (const Json& row : rows) {
    CHECK(row.at("identifiers_counted") == identifiers);
    CHECK(row.at("communicators") == communicators);
    CHECK(row.at("communicators_counted") == communicators);
  }
}

/// Messages of the rank with most, without and with calls that block.
void expect_messages(const Json& report, const std::string& way, int unblocked, int blocking) {
  CAPTURE(way);
  for (const Json& row : rows_of(report, way)) {
    CHECK(row.at("messages") == (row.at("blocking") == true ? blocking : unblocked));
  }
}

}  // namespace

TEST_CASE("every way of every layout is proven, and has its row") {
  for (const int processes : {4, 8}) {
    CAPTURE(processes);
    const Outcome outcome = run({.processes = processes, .options = "--repetitions 2 --format json"});
    CHECK(outcome.exit_code == 0);
    const Json report = Json::parse(outcome.output);
    CHECK(report.at("good") == true);
    CHECK(report.at("ranks") == processes);
    CHECK(report.at("gpus") == processes);
    CHECK(report.at("repetitions") == 2);
    const std::size_t layouts = processes == 4 ? 4 : 5;
    REQUIRE(report.at("rows").size() == layouts * ways().size());
    for (std::size_t i = 0; i < report.at("rows").size(); ++i) {
      const Json& row = report.at("rows").at(i);
      CAPTURE(row.dump());
      CHECK(row.at("way") == ways()[i % ways().size()].first);
      CHECK(row.at("blocking") == ways()[i % ways().size()].second);
      CHECK(row.at("members_proven") == true);
      CHECK(row.at("order_proven") == true);
      CHECK(row.at("failures").empty());
      CHECK(row.at("milliseconds").at("min") > 0);
      CHECK(row.at("milliseconds").at("min") <= row.at("milliseconds").at("median"));
      CHECK(row.at("milliseconds").at("median") <= row.at("milliseconds").at("max"));
    }
  }
}

TEST_CASE("a way makes the IDs and communicators that its plan has, and takes memory for those") {
  const Outcome outcome =
      run({.processes = 8, .options = "--repetitions 2 --format json --layout 'tp=2 pp=2 fp8'"});
  CHECK(outcome.exit_code == 0);
  const Json report = Json::parse(outcome.output);
  // data 4 groups, model 2, tensor 4, pipeline 4, amax 2
  expect_counts(report, "unique_id", 16, 5);
  expect_counts(report, "mpi_split", 16, 5);
  expect_counts(report, "nccl_split", 1, 6);
  // all nine kinds: besides those above sequence 8, sequence_data 4, embedding 4, position_embedding 4
  expect_counts(report, "naive_broadcast", 36, 9);
  expect_counts(report, "naive_split", 36, 9);

  CHECK(rows_of(report, "unique_id").at(0).at("bytes_made") == 8 * 5 * bytes_per_communicator);
  CHECK(rows_of(report, "nccl_split").at(0).at("bytes_made") == 8 * 6 * bytes_per_communicator);
  // position_embedding: only the first stage, half of the ranks
  CHECK(rows_of(report, "naive_split").at(0).at("bytes_used") == (8 * 8 + 4) * bytes_per_communicator);
}

TEST_CASE("the example of 16 ranks has the counts that docs/gpu.md shows") {
  const Outcome outcome =
      run({.processes = 16, .options = "--repetitions 1 --format json --layout 'tp=2 pp=4 fp8'"});
  CHECK(outcome.exit_code == 0);
  const Json report = Json::parse(outcome.output);
  expect_counts(report, "unique_id", 30, 6);
  expect_counts(report, "mpi_split", 30, 6);
  expect_counts(report, "nccl_split", 1, 7);
  expect_counts(report, "naive_broadcast", 58, 9);
  expect_counts(report, "naive_split", 58, 9);
  // Rank 0 has 8 children in the tree of a round, and hands IDs to 16 others where they travel by themselves.
  expect_messages(report, "unique_id", 48, 104);
  expect_messages(report, "mpi_split", 48, 104);
  expect_messages(report, "nccl_split", 40, 104);
  expect_messages(report, "naive_split", 0, 0);
}

TEST_CASE("a GPU that ranks share is asked once for its memory") {
  // On the stand-in a process sees what it took itself; a GPU says what all took.
  const Outcome outcome = run({.processes = 4,
                               .options = "--repetitions 1 --format json --layout tp=2",
                               .environment = "RANKMESH_DOUBLE_DEVICES=1 NCCL_MULTI_RANK_GPU_ENABLE=1"});
  CHECK(outcome.exit_code == 0);
  const Json report = Json::parse(outcome.output);
  CHECK(report.at("gpus") == 1);
  CHECK(rows_of(report, "unique_id").at(0).at("bytes_made") == 2 * bytes_per_communicator);
}

TEST_CASE("a communicator in the wrong order fails the ways that made it, and no other") {
  const Outcome outcome = run({.processes = 4,
                               .options = "--repetitions 1 --format json --layout tp=2",
                               .environment = "RANKMESH_TEST_WRONG=order",
                               .program = RANKMESH_WRONG_PROGRAM});
  CHECK(outcome.exit_code == 1);
  const Json report = Json::parse(outcome.output);
  CHECK(report.at("good") == false);
  for (const Json& row : report.at("rows")) {
    CAPTURE(row.dump());
    const bool is_wrong = row.at("way") == "unique_id" || row.at("way") == "mpi_split";
    CHECK(row.at("proven") == !is_wrong);
    CHECK(row.at("members_proven") == true);
    CHECK(row.at("order_proven") == !is_wrong);
    CHECK(any_contains(row.at("failures"), "rank 3: tensor group 1 should be [2, 3], but is [3, 2]") ==
          is_wrong);
  }
}

TEST_CASE("a communicator of the wrong members fails the ways that made it, and no other") {
  const Outcome outcome = run({.processes = 4,
                               .options = "--repetitions 1 --format json --layout tp=2",
                               .environment = "RANKMESH_TEST_WRONG=members",
                               .program = RANKMESH_WRONG_PROGRAM});
  CHECK(outcome.exit_code == 1);
  const Json report = Json::parse(outcome.output);
  for (const Json& row : report.at("rows")) {
    CAPTURE(row.dump());
    const bool is_wrong = row.at("way") == "nccl_split";
    CHECK(row.at("proven") == !is_wrong);
    CHECK(row.at("members_proven") == !is_wrong);
    CHECK(any_contains(row.at("failures"), "rank 0: tensor group 0 should have the members [0, 1]") ==
          is_wrong);
  }
}

TEST_CASE("the program that makes wrong groups makes right ones unless told otherwise") {
  const Outcome outcome =
      run({.processes = 4, .options = "--repetitions 1 --layout tp=2", .program = RANKMESH_WRONG_PROGRAM});
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.output, !ContainsSubstring("FAILED"));
}

TEST_CASE("a bring-up that fails is told with the rank, and the other ways go on") {
  const Outcome outcome = run({.processes = 4,
                               .options = "--repetitions 1 --layout tp=2 --deadline 20",
                               .environment = "'RANKMESH_DOUBLE_FAULTS=ncclCommInitRankConfig@2#1=error:3'"});
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.output, ContainsSubstring("  unique_id        non-blocking FAILED"));
  CHECK_THAT(outcome.output, ContainsSubstring("  unique_id        blocking     yes"));
  CHECK_THAT(outcome.output, ContainsSubstring("  naive_split      blocking     yes"));
  CHECK_THAT(outcome.output, ContainsSubstring("rank 2: ncclCommInitRankConfig failed"));
}

TEST_CASE("a call that blocks for ever ends the job when the deadline has passed, with a word about it") {
  // The third call is the first that blocks: rank 2 gets an error, and rank 0 waits for it in the call.
  const Outcome outcome = run({.processes = 4,
                               .options = "--repetitions 1 --layout tp=2 --deadline 2",
                               .environment = "'RANKMESH_DOUBLE_FAULTS=ncclCommInitRankConfig@2#3=error:3'",
                               .redirection = "2>&1"});
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.output, ContainsSubstring("nccl_bringup_bench: rank "));
  CHECK_THAT(outcome.output, ContainsSubstring(" is stuck in ncclCommInitRankConfig at step "));
}

TEST_CASE("a version of NCCL that cannot split is no failure") {
  const Outcome outcome = run({.processes = 2,
                               .options = "--repetitions 1 --layout tp=2",
                               .environment = "RANKMESH_DOUBLE_NCCL_VERSION=21703"});
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.output, ContainsSubstring("  nccl_split       blocking     -   "));
  CHECK_THAT(outcome.output, ContainsSubstring("  unique_id        blocking     yes"));
  CHECK_THAT(outcome.output, ContainsSubstring("strategy nccl_split needs NCCL "));
}

TEST_CASE("without a GPU the program says so") {
  const Outcome outcome =
      run({.processes = 2, .environment = "RANKMESH_DOUBLE_DEVICES=0", .redirection = "2>&1"});
  CHECK(outcome.exit_code == 77);
  CHECK_THAT(outcome.output, ContainsSubstring("nccl_bringup_bench: no GPU: "));
}

TEST_CASE("everything that is wrong with a command line is told at once") {
  const Outcome outcome =
      run({.processes = 2, .options = "--layout tp=3 --repetitions 0 --deadlin 5", .redirection = "2>&1"});
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.output,
             ContainsSubstring("--layout \"tp=3\": tensor = 3 does not divide world_size = 2"));
  CHECK_THAT(outcome.output, ContainsSubstring("nccl_bringup_bench: --repetitions"));
  CHECK_THAT(outcome.output, ContainsSubstring("unknown option --deadlin"));
}

TEST_CASE("the Markdown table has a row for each way") {
  const std::string file = "gpu_check_table_" + std::to_string(::getpid()) + ".md";
  const Outcome outcome =
      run({.processes = 2, .options = "--repetitions 1 --layout tp=2 --markdown " + file});
  CHECK(outcome.exit_code == 0);
  std::ifstream stream(file);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  std::remove(file.c_str());
  CHECK(text.starts_with("### 2 ranks on 2 GPUs ("));
  CHECK_THAT(text, ContainsSubstring("\n| layout | way | calls | proven | ms |"));
  for (const auto& [way, blocking] : ways()) {
    CHECK_THAT(text, ContainsSubstring("\n| `world=2 tp=2` | " + way + " | " +
                                       (blocking ? "blocking" : "non-blocking") + " | yes |"));
  }
}
