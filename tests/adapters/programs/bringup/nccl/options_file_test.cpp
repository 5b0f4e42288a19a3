// rankmesh-bringup --nccl-options.

#include "bring_up.hpp"

using namespace rankmesh::tests;

TEST_CASE("kinds with different options do not share a communicator") {
  const TemporaryFolder folder;
  const std::string file = folder.write("nccl.yaml", "tp: {max_ctas: 16}\n");
  // Each group of each kind, except pipeline, is one rank or all ranks.
  const std::string layout = "--tp 4 --format json";
  const Json without = Json::parse(bring_up(4, layout).out);
  CHECK(kind_named(without, "tensor").at("communicator") == "shared");
  const Outcome outcome = bring_up(4, layout + " --nccl-options " + file);
  CHECK(outcome.exit_code == 0);
  const Json with = Json::parse(outcome.out);
  CHECK(kind_named(with, "tensor").at("communicator") == "made");
  CHECK(with.at("communicators_made") == without.at("communicators_made").get<int>() + 1);
  CHECK(with.at("ok") == true);
}

TEST_CASE("different files are a disagreement on the option") {
  const TemporaryFolder folder;
  Job job = nccl_job(3, "--nccl-options " + folder.write("a.yaml", "dp: {max_ctas: 16}\n"));
  job.parts.push_back({1, "--backend nccl --nccl-options " + folder.write("b.yaml", "dp: {max_ctas: 8}\n")});
  const Outcome outcome = run(job);
  CHECK(outcome.exit_code == 1);
  CHECK(occurrences(outcome.err,
                    "rankmesh-bringup: the ranks do not agree on 1 field:\n"
                    "  options.data = max_ctas=16 on ranks 0-2, max_ctas=8 on rank 3\n") == 1);
}

TEST_CASE("a file that some ranks cannot read ends all of them, with one message") {
  const TemporaryFolder folder;
  Job job = nccl_job(2, "--nccl-options " + folder.write("a.yaml", "dp: {max_ctas: 16}\n"));
  job.parts.push_back({2, "--backend nccl --nccl-options " + folder.file("none.yaml")});
  const Outcome outcome = run(job);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(occurrences(outcome.err, "rankmesh-bringup: --nccl-options ") == 1);
  CHECK(occurrences(outcome.err, "none.yaml") == 1);
}

TEST_CASE("every problem of a file is reported on its own line") {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.yaml", "dp: {max_ctas: many}\ntq: {}\n");
  const Outcome outcome = bring_up(2, "--tp 3 --nccl-options " + file);
  CHECK(outcome.exit_code == 2);
  CHECK(occurrences(outcome.err, "rankmesh-bringup: --nccl-options ") == 2);
  CHECK(occurrences(outcome.err, "a.yaml:1:") == 1);
  CHECK(occurrences(outcome.err, "a.yaml:2:") == 1);
  CHECK_THAT(outcome.err, ContainsSubstring("tensor = 3 does not divide"));
}

TEST_CASE("options of a kind that the layout does not have are bad input, reported once") {
  const TemporaryFolder folder;
  for (const char* options : {"max_ctas: 16", "stream: normal"}) {
    const Outcome outcome =
        bring_up(2, "--nccl-options " + folder.write("a.yaml", "amax: {" + std::string(options) + "}\n"));
    CHECK(outcome.exit_code == 2);
    CHECK(occurrences(outcome.err, "rankmesh-bringup: ") == 1);
    CHECK_THAT(outcome.err, ContainsSubstring("this topology has no groups of"));
    CHECK_THAT(outcome.err, ContainsSubstring("amax"));
  }
}
