// rankmesh-bringup with the test double of NCCL.

#include "bring_up.hpp"

using namespace rankmesh::tests;

namespace {

/// A report without the values that differ between runs and strategies.
Json comparable(Json report) {
  for (const char* key : {"backend", "library", "strategy", "blocking", "device", "milliseconds"}) {
    report.erase(key);
  }
  for (Json& kind : report.at("kinds")) kind.erase("milliseconds");
  return report;
}

}  // namespace

TEST_CASE("every strategy, blocking and not, creates the same groups as MPI") {
  struct Layout {
    int processes;
    std::string options;
  };
  for (const Layout& layout : {Layout{8, "--tp 2 --pp 2"}, Layout{16, "--tp 2 --pp 4 --fp8"}}) {
    const Outcome over_mpi =
        run({.program = RANKMESH_BRINGUP, .parts = {{layout.processes, layout.options + " --format json"}}});
    const Json wanted = comparable(Json::parse(over_mpi.out));
    CHECK(wanted.at("ok") == true);
    for (const char* strategy : {"unique_id", "mpi_split", "nccl_split"}) {
      for (const bool blocking : {false, true}) {
        CAPTURE(layout.processes, strategy, blocking);
        const Outcome outcome = bring_up(layout.processes, layout.options + " --format json --strategy " +
                                                               strategy + (blocking ? " --blocking" : ""));
        CHECK(outcome.exit_code == 0);
        CHECK(outcome.err.empty());
        const Json report = Json::parse(outcome.out);
        CHECK(report.at("backend") == "nccl");
        CHECK(report.at("strategy") == strategy);
        CHECK(report.at("blocking") == blocking);
        CHECK(report.at("device") == 0);
        CHECK(comparable(report) == wanted);
      }
    }
  }
}

TEST_CASE("the text says how the communicators were created") {
  const Outcome outcome = bring_up(4, "--tp 2 --ranks-per-identifier 1");
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, ContainsSubstring("rankmesh-bringup: world=4 tp=2\nNCCL 2."));
  CHECK_THAT(outcome.out, ContainsSubstring(", strategy unique_id, non-blocking; rank 0 uses device 0\n"));
  CHECK_THAT(outcome.out, ContainsSubstring("every communicator holds its group, in order"));
}

TEST_CASE("progress has a line for every part of every strategy, from one rank") {
  const std::string layout = "--tp 2 --pp 2 --progress --blocking";
  const std::vector<std::string> kinds{"data", "model", "tensor", "pipeline"};
  const auto joined = [&](std::vector<std::string> parts, std::vector<std::string> others = {}) {
    parts.insert(parts.end(), kinds.begin(), kinds.end());
    parts.insert(parts.end(), others.begin(), others.end());
    return parts;
  };
  CHECK(progress_parts(bring_up(8, layout).err) == joined({"agreement", "device"}));
  CHECK(progress_parts(bring_up(8, layout + " --strategy nccl_split").err) ==
        joined({"agreement", "device", "identifiers", "world"}));
  CHECK(progress_parts(bring_up(8, layout + " --strategy mpi_split").err) ==
        joined(joined({"agreement", "device"}, {"identifiers"})));
  // Without --blocking, parts are listed in the order of their completion.
  std::vector<std::string> parts = progress_parts(bring_up(8, "--tp 2 --pp 2 --progress").err);
  std::sort(parts.begin(), parts.end());
  std::vector<std::string> wanted = joined({"agreement", "device"});
  std::sort(wanted.begin(), wanted.end());
  CHECK(parts == wanted);
}

TEST_CASE("ranks that share a device are refused by default") {
  Job job = nccl_job(2, "--tp 2");
  job.environment.insert(job.environment.end(),
                         {"RANKMESH_DOUBLE_DEVICES=1", "NCCL_MULTI_RANK_GPU_ENABLE=1"});
  const Outcome refused = run(job);
  CHECK(refused.exit_code == 1);
  CHECK(occurrences(refused.err, "rank 0: shares GPU-") == 1);
  CHECK(occurrences(refused.err, "rank 1: shares GPU-") == 1);
  job.parts.front().options += " --allow-shared-device";
  CHECK(run(job).exit_code == 0);
}

TEST_CASE("options that disagree end all ranks, with one message") {
  Job job = nccl_job(2, "--tp 2 --blocking");
  job.parts.push_back({2, "--backend nccl --tp 2 --strategy mpi_split --ranks-per-identifier 7"});
  const Outcome outcome = run(job);
  CHECK(outcome.exit_code == 1);
  CHECK(occurrences(outcome.err,
                    "rankmesh-bringup: the ranks do not agree on 3 fields:\n"
                    "  nccl_strategy = unique_id on ranks 0-1, mpi_split on ranks 2-3\n"
                    "  nccl_blocking = true on ranks 0-1, false on ranks 2-3\n"
                    "  ranks_per_identifier = 128 on ranks 0-1, 7 on ranks 2-3\n") == 1);
  CHECK(occurrences(outcome.err, "rankmesh-bringup: ") == 1);
}

TEST_CASE("all bad options of NCCL are reported at once") {
  const Outcome outcome = bring_up(2, "--strategy tree --ranks-per-identifier 0 --deadline soon");
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(occurrences(outcome.err, "rankmesh-bringup: ") == 3);
  for (const char* expected : {"tree", "--ranks-per-identifier: 0 is below 1", "soon"}) {
    CAPTURE(expected);
    CHECK(occurrences(outcome.err, expected) == 1);
  }
}

TEST_CASE("an option that this version of NCCL lacks is bad input, reported once") {
  Job job = nccl_job(2, "--strategy nccl_split");
  job.environment.emplace_back("RANKMESH_DOUBLE_NCCL_VERSION=21602");
  const Outcome outcome = run(job);
  CHECK(outcome.exit_code == 2);
  CHECK(occurrences(outcome.err, "rankmesh needs NCCL 2.18") == 1);
}
