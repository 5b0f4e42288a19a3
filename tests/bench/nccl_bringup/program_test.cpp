// nccl_bringup_bench on the test double of NCCL, started with mpiexec.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/mpi_job.hpp"

using namespace rankmesh::tests;
using Json = nlohmann::json;

namespace {

constexpr std::int64_t mebibyte = std::int64_t{1} << 20;
/// The GPU memory of a communicator on the test double.
constexpr std::int64_t bytes_per_communicator = (64 + 16 * 4) * mebibyte;

/// Runs the program on a number of processes.
Outcome measure(int processes, const std::string& options, std::vector<std::string> environment = {}) {
  return run(
      {.program = RANKMESH_PROGRAM, .parts = {{processes, options}}, .environment = std::move(environment)});
}

/// Runs the program that can create wrong groups on 4 processes.
Outcome measure_wrong(const std::string& options, std::vector<std::string> environment = {}) {
  return run(
      {.program = RANKMESH_WRONG_PROGRAM, .parts = {{4, options}}, .environment = std::move(environment)});
}

/// The strategies in the order of the table: name, and whether it is blocking.
const std::vector<std::pair<std::string, bool>>& strategies() {
  static const std::vector<std::pair<std::string, bool>> all{
      {"unique_id", false},  {"unique_id", true},  {"mpi_split", false},      {"mpi_split", true},
      {"nccl_split", false}, {"nccl_split", true}, {"naive_broadcast", true}, {"naive_split", true}};
  return all;
}

Json rows_of(const Json& report, const std::string& strategy) {
  Json rows = Json::array();
  for (const Json& row : report.at("rows")) {
    if (row.at("strategy") == strategy) rows.push_back(row);
  }
  return rows;
}

bool any_contains(const Json& texts, const std::string& part) {
  for (const Json& text : texts) {
    if (text.get<std::string>().find(part) != std::string::npos) return true;
  }
  return false;
}

void expect_counts(const Json& report, const std::string& strategy, int identifiers, int communicators) {
  CAPTURE(strategy);
  const Json rows = rows_of(report, strategy);
  CHECK(!rows.empty());
  for (const Json& row : rows) {
    CHECK(row.at("identifiers_counted") == identifiers);
    CHECK(row.at("communicators") == communicators);
    CHECK(row.at("communicators_counted") == communicators);
  }
}

/// Messages of the rank with the most, of the non-blocking and the blocking variant.
void expect_messages(const Json& report, const std::string& strategy, int unblocked, int blocking) {
  CAPTURE(strategy);
  for (const Json& row : rows_of(report, strategy)) {
    CHECK(row.at("messages") == (row.at("blocking") == true ? blocking : unblocked));
  }
}

}  // namespace

TEST_CASE("every strategy is proven on every layout, and has a row") {
  for (const int processes : {4, 8}) {
    CAPTURE(processes);
    const Outcome outcome = measure(processes, "--repetitions 2 --format json");
    CHECK(outcome.exit_code == 0);
    const Json report = Json::parse(outcome.out);
    CHECK(report.at("good") == true);
    CHECK(report.at("ranks") == processes);
    CHECK(report.at("gpus") == processes);
    CHECK(report.at("repetitions") == 2);
    const std::size_t layouts = processes == 4 ? 4 : 5;
    REQUIRE(report.at("rows").size() == layouts * strategies().size());
    for (std::size_t i = 0; i < report.at("rows").size(); ++i) {
      const Json& row = report.at("rows").at(i);
      CAPTURE(row.dump());
      CHECK(row.at("strategy") == strategies()[i % strategies().size()].first);
      CHECK(row.at("blocking") == strategies()[i % strategies().size()].second);
      CHECK(row.at("members_proven") == true);
      CHECK(row.at("order_proven") == true);
      CHECK(row.at("failures").empty());
      CHECK(row.at("milliseconds").at("min") > 0);
      CHECK(row.at("milliseconds").at("min") <= row.at("milliseconds").at("median"));
      CHECK(row.at("milliseconds").at("median") <= row.at("milliseconds").at("max"));
    }
  }
}

TEST_CASE("a strategy creates the IDs and communicators of its plan, and uses their memory") {
  const Outcome outcome = measure(8, "--repetitions 2 --format json --layout 'tp=2 pp=2 fp8'");
  CHECK(outcome.exit_code == 0);
  const Json report = Json::parse(outcome.out);
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
  const Outcome outcome = measure(16, "--repetitions 1 --format json --layout 'tp=2 pp=4 fp8'");
  CHECK(outcome.exit_code == 0);
  const Json report = Json::parse(outcome.out);
  expect_counts(report, "unique_id", 30, 6);
  expect_counts(report, "mpi_split", 30, 6);
  expect_counts(report, "nccl_split", 1, 7);
  expect_counts(report, "naive_broadcast", 58, 9);
  expect_counts(report, "naive_split", 58, 9);
  // Rank 0 has 8 children in the tree of an agreement. In two strategies it sends unique IDs to other ranks
  // too.
  expect_messages(report, "unique_id", 57, 113);
  expect_messages(report, "mpi_split", 57, 113);
  expect_messages(report, "nccl_split", 49, 113);
  expect_messages(report, "naive_split", 0, 0);
}

TEST_CASE("the memory of a shared GPU is counted once") {
  // With the test double, the free memory of a GPU covers one process; with a real GPU, all processes.
  const Outcome outcome = measure(4, "--repetitions 1 --format json --layout tp=2",
                                  {"RANKMESH_DOUBLE_DEVICES=1", "NCCL_MULTI_RANK_GPU_ENABLE=1"});
  CHECK(outcome.exit_code == 0);
  const Json report = Json::parse(outcome.out);
  CHECK(report.at("gpus") == 1);
  CHECK(rows_of(report, "unique_id").at(0).at("bytes_made") == 2 * bytes_per_communicator);
}

TEST_CASE("a communicator in the wrong order fails the strategies that create it, and no other") {
  const Outcome outcome =
      measure_wrong("--repetitions 1 --format json --layout tp=2", {"RANKMESH_TEST_WRONG=order"});
  CHECK(outcome.exit_code == 1);
  const Json report = Json::parse(outcome.out);
  CHECK(report.at("good") == false);
  for (const Json& row : report.at("rows")) {
    CAPTURE(row.dump());
    const bool is_wrong = row.at("strategy") == "unique_id" || row.at("strategy") == "mpi_split";
    CHECK(row.at("proven") == !is_wrong);
    CHECK(row.at("members_proven") == true);
    CHECK(row.at("order_proven") == !is_wrong);
    CHECK(any_contains(row.at("failures"),
                       "tensor group 1 should be [2, 3], but the communicator holds [3, 2] and has rank 3 "
                       "at position 0") == is_wrong);
  }
}

TEST_CASE("a communicator of the wrong members fails the strategies that create it, and no other") {
  const Outcome outcome =
      measure_wrong("--repetitions 1 --format json --layout tp=2", {"RANKMESH_TEST_WRONG=members"});
  CHECK(outcome.exit_code == 1);
  const Json report = Json::parse(outcome.out);
  for (const Json& row : report.at("rows")) {
    CAPTURE(row.dump());
    const bool is_wrong = row.at("strategy") == "nccl_split";
    CHECK(row.at("proven") == !is_wrong);
    CHECK(row.at("members_proven") == !is_wrong);
    CHECK(any_contains(row.at("failures"),
                       "tensor group 0 should have the members [0, 1], but the communicator of rank 0 ") ==
          is_wrong);
  }
}

TEST_CASE("the program that can create wrong groups creates right ones by default") {
  const Outcome outcome = measure_wrong("--repetitions 1 --layout tp=2");
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, !ContainsSubstring("FAILED"));
}

TEST_CASE("a bring-up that fails is reported with the rank, and the other strategies are run") {
  const Outcome outcome = measure(4, "--repetitions 1 --layout tp=2 --deadline 20",
                                  {"RANKMESH_DOUBLE_FAULTS=ncclCommInitRankConfig@2#1=error:3"});
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.out, ContainsSubstring("  unique_id        non-blocking FAILED"));
  CHECK_THAT(outcome.out, ContainsSubstring("  unique_id        blocking     yes"));
  CHECK_THAT(outcome.out, ContainsSubstring("  naive_split      blocking     yes"));
  CHECK_THAT(outcome.out, ContainsSubstring("rank 2: ncclCommInitRankConfig failed"));
}

TEST_CASE("a call that does not return ends the job after the deadline, with a message") {
  // The third call is the first blocking one: it fails on rank 2, and rank 0 waits for rank 2 in the call.
  const Outcome outcome = measure(4, "--repetitions 1 --layout tp=2 --deadline 2",
                                  {"RANKMESH_DOUBLE_FAULTS=ncclCommInitRankConfig@2#3=error:3"});
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.err, ContainsSubstring("nccl_bringup_bench: rank "));
  CHECK_THAT(outcome.err, ContainsSubstring(" is stuck in ncclCommInitRankConfig at step "));
}

TEST_CASE("a version of NCCL that the library refuses is no failure") {
  const Outcome outcome = measure(2, "--repetitions 1 --layout tp=2", {"RANKMESH_DOUBLE_NCCL_VERSION=21703"});
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, ContainsSubstring("  nccl_split       blocking     -   "));
  CHECK_THAT(outcome.out, ContainsSubstring("  naive_split      blocking     yes"));
  CHECK_THAT(outcome.out, ContainsSubstring("2.18"));
}

TEST_CASE("without a GPU the program says so and exits with 77") {
  const Outcome outcome = measure(2, "", {"RANKMESH_DOUBLE_DEVICES=0"});
  CHECK(outcome.exit_code == 77);
  CHECK_THAT(outcome.err, ContainsSubstring("nccl_bringup_bench: no GPU: "));
}

TEST_CASE("all errors of a command line are reported at once") {
  const Outcome outcome = measure(2, "--layout tp=3 --repetitions 0 --deadlin 5");
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("--layout \"tp=3\": tensor = 3 does not divide world_size = 2"));
  CHECK_THAT(outcome.err, ContainsSubstring("nccl_bringup_bench: --repetitions"));
  CHECK_THAT(outcome.err, ContainsSubstring("unknown option --deadlin"));
}

TEST_CASE("the Markdown table has a row for each strategy") {
  const TemporaryFolder folder;
  const Outcome outcome = measure(2, "--repetitions 1 --layout tp=2 --markdown " + folder.file("table.md"));
  CHECK(outcome.exit_code == 0);
  const std::string text = folder.read("table.md");
  CHECK(text.starts_with("### 2 ranks on 2 GPUs ("));
  CHECK_THAT(text, ContainsSubstring("\n| layout | strategy | calls | proven | ms |"));
  for (const auto& [strategy, blocking] : strategies()) {
    CHECK_THAT(text, ContainsSubstring("\n| `world=2 tp=2` | " + strategy + " | " +
                                       (blocking ? "blocking" : "non-blocking") + " | yes |"));
  }
}
