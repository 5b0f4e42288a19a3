// rankmesh-bringup over MPI.

#include "job.hpp"

using namespace rankmesh::tests;

TEST_CASE("the example of 16 ranks is brought up and proven") {
  const Outcome outcome = bring_up_over_mpi(16, "--tp 2 --pp 4 --fp8 --format json");
  CHECK(outcome.exit_code == 0);
  const Json report = Json::parse(outcome.out);
  CHECK(report.at("ok") == true);
  CHECK(report.at("config") == "world=16 tp=2 pp=4 fp8");
  CHECK(report.at("backend") == "mpi");
  CHECK(report.at("library") != "");
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
  for (const char* part : {"agreement", "total"}) CHECK(report.at("milliseconds").at(part) >= 0);
}

TEST_CASE("the text has a line for every kind") {
  const Outcome outcome = bring_up_over_mpi(6, "--tp 1 --pp 3 --split-rank 1");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  CHECK_THAT(outcome.out, ContainsSubstring("rankmesh-bringup: world=6 pp=3 split-rank=1\n"));
  CHECK_THAT(outcome.out, ContainsSubstring("embedding                 2      3  shared with model"));
  CHECK_THAT(outcome.out, ContainsSubstring("tensor                    6      1  none (groups of one)"));
  CHECK_THAT(outcome.out, ContainsSubstring("every communicator holds its group, in order"));
}

TEST_CASE("other layouts, sequence parallelism and one process") {
  CHECK(bring_up_over_mpi(1, "--fp8").exit_code == 0);
  CHECK(bring_up_over_mpi(8, "--sp 4 --fp8 --amax-rule product --distributed-optimizer").exit_code == 0);
  CHECK(bring_up_over_mpi(12, "--tp 2 --pp 3 --vpp 2").exit_code == 0);
}

TEST_CASE("kinds of one's own beside those of a convention are brought up and proven") {
  const Outcome outcome =
      bring_up_over_mpi(8, "--tp 2 --pp 2 --groups zero:tp+dp,quarter:shard --axes shard=4,rest=2");
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, ContainsSubstring("zero                      2      4  made"));
  CHECK_THAT(outcome.out, ContainsSubstring("quarter                   2      4  shared with zero"));
  CHECK(bring_up_over_mpi(4, "--tp 2 --groups tensor:dp").exit_code == 2);
}

TEST_CASE("options override the layout of a file") {
  const TemporaryFolder folder;
  const std::string layout = folder.write("a.toml", "tensor = 2\npipeline = 2\n");
  const Outcome outcome = bring_up_over_mpi(8, "--layout " + layout + " --pp 4");
  if (outcome.err.find("built without a reader of TOML files") != std::string::npos) return;
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, ContainsSubstring("rankmesh-bringup: world=8 tp=2 pp=4\n"));

  const std::string bad = folder.write("bad.toml", "tensor = 3\npipline = 2\n");
  const Outcome refused = bring_up_over_mpi(8, "--layout " + bad);
  CHECK(refused.exit_code == 2);
  CHECK_THAT(refused.err, ContainsSubstring(bad + ":1:10: tensor = 3 does not divide world_size = 8"));
  CHECK_THAT(refused.err,
             ContainsSubstring(bad + ":2:1: pipline is no key of a layout; did you mean pipeline?"));
}

TEST_CASE("progress has a line for each part, from one rank") {
  const Outcome outcome = bring_up_over_mpi(8, "--tp 2 --pp 2 --progress");
  CHECK(outcome.exit_code == 0);
  CHECK(progress_parts(outcome.err) ==
        std::vector<std::string>{"agreement", "data", "model", "tensor", "pipeline"});
}

TEST_CASE("bad input is reported once, with all errors, and nothing on stdout") {
  const Outcome outcome =
      bring_up_over_mpi(4,
                        "--tp 3 --pp 0 --format yaml --backend mpi --strategy mpi_split --blocking "
                        "--ranks-per-identifier 2 --nccl-options x.yaml --allow-shared-device");
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  for (const char* expected :
       {"tensor = 3 does not divide world_size = 4", "pipeline = 0 is below 1", "yaml\"",
        "--strategy needs --backend nccl\n", "--blocking needs --backend nccl\n",
        "--ranks-per-identifier needs --backend nccl\n", "--nccl-options needs --backend nccl\n",
        "--allow-shared-device needs --backend nccl\n"}) {
    CAPTURE(expected);
    CHECK(occurrences(outcome.err, expected) == 1);
  }
}

TEST_CASE("with an unknown backend, its options are not checked") {
  const Outcome outcome = bring_up_over_mpi(1, "--backend gloo --blocking");
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("gloo"));
  CHECK_THAT(outcome.err, !ContainsSubstring("--blocking"));
}

TEST_CASE("bad input on some ranks ends all of them") {
  const Outcome outcome = run({.program = RANKMESH_BRINGUP, .parts = {{2, "--tp 2"}, {2, "--tp two"}}});
  CHECK(outcome.exit_code == 2);
  CHECK(occurrences(outcome.err, "two") == 1);
}

TEST_CASE("ranks that disagree end with one message") {
  const Outcome outcome = run({.program = RANKMESH_BRINGUP, .parts = {{2, "--tp 2"}, {2, "--tp 4 --fp8"}}});
  CHECK(outcome.exit_code == 1);
  CHECK(occurrences(outcome.err,
                    "rankmesh-bringup: the ranks do not agree on 2 fields:\n"
                    "  tensor = 2 on ranks 0-1, 4 on ranks 2-3\n"
                    "  fp8 = false on ranks 0-1, true on ranks 2-3\n") == 1);
}

TEST_CASE("a world size other than the number of processes is an error") {
  const Outcome outcome = bring_up_over_mpi(4, "--world-size 8");
  CHECK(outcome.exit_code == 1);
  CHECK(occurrences(outcome.err,
                    "the layout does not fit the job of 4 ranks:\n  world_size = 8; it must be 4\n") == 1);
}

TEST_CASE("help is printed once") {
  const Outcome outcome = bring_up_over_mpi(3, "--help");
  CHECK(outcome.exit_code == 0);
  CHECK(occurrences(outcome.out, "mpiexec -n 16 rankmesh-bringup") == 1);
  CHECK_THAT(outcome.out, ContainsSubstring("--backend mpi|nccl"));
  CHECK_THAT(outcome.out, ContainsSubstring("With --backend nccl\n"));
}
