// What is not a full listing takes no more memory in a larger world.

#include <nlohmann/json.hpp>
#include <string>

#include "support.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

/// The bytes that a command line allocates, and the length of its output.
struct Cost {
  long long bytes = 0;
  std::size_t output = 0;
};

Cost cost_of(const std::string& line) {
  const long long before = allocated_bytes();
  const Outcome outcome = run_words(quoted(line));
  INFO(line << "\n" << outcome.err);
  REQUIRE((outcome.status == cli::success || outcome.status == cli::different));
  return {allocated_bytes() - before, outcome.out.size()};
}

/// A line with a world of 2^20 ranks, and the same with one of 2^30. {world} stands for the size.
void check_large(const std::string& line) {
  const auto cost = [&](const std::string& world) {
    std::string text = line;
    for (std::size_t at = text.find("{world}"); at != std::string::npos; at = text.find("{world}")) {
      text.replace(at, 7, world);
    }
    return cost_of(text);
  };
  INFO(line);
  // The first run of a command prepares what later runs find.
  static_cast<void>(cost("1048576"));
  const Cost small = cost("1048576");
  const Cost large = cost("1073741824");
  // More digits make somewhat longer texts.
  CHECK(large.bytes < 2 * small.bytes + 100000);
  CHECK(large.output < 2 * small.output + 1000);
  CHECK(large.output < 1000000);
}

}  // namespace

TEST_CASE("what is no full listing takes as much memory for 2^30 ranks as for 2^20") {
  for (const std::string layout : {" --world-size {world} --tp 8 --pp 16 --fp8",
                                   " --convention megatron-core --world-size {world} --tp 8 --cp 4 --pp 16 "
                                   "--ep 8 --optimizer-instances 2 "
                                   "--hybrid-cp"}) {
    for (const std::string format : {"", " --format json"}) {
      for (const std::string nodes : {"", " --gpus-per-node 8", " --gpus-per-node 72"}) {
        check_large("show" + layout + nodes + format);
        check_large("rank 12345" + layout + nodes + format);
      }
    }
    check_large("groups --gpus-per-node 8" + layout);
  }
  for (const std::string format : {"", " --format json"}) {
    check_large("diff 'world={world} tp=8' 'world={world} tp=4'" + format);
    check_large("diff 'world={world} tp=8 pp=2' 'world={world} convention=megatron-core tp=8 pp=2'" + format);
    check_large("diff 'world={world} tp=8' 'world={world}'" + format);
    check_large("modules 'world={world} tp=8'" + format);
  }
  check_large("mesh --axes a=8,b=1024,c=-1 --world-size {world} --gpus-per-node 8");
}

TEST_CASE("model chunks are a formula, however many there are") {
  const std::string line = "rank 1 --world-size 4 --pp 4 --vpp {vpp} --layers {layers}";
  for (const std::string format : {"", " --format json"}) {
    const std::string more = "rank 1 --world-size 4 --pp 4 --vpp 10000000 --layers 40000000" + format;
    static_cast<void>(cost_of(more));
    const Cost few = cost_of("rank 1 --world-size 4 --pp 4 --vpp 2000 --layers 8000" + format);
    const Cost many = cost_of(more);
    CHECK(many.bytes < 2 * few.bytes);
    CHECK(many.output < 20000);
  }
  const auto json = nlohmann::json::parse(
      run_line("rank 1 --world-size 4 --pp 4 --vpp 10000000 --layers 40000000 --format json").out);
  const auto& pipeline = json.at("pipeline");
  CHECK(pipeline.at("layers").is_null());
  CHECK(pipeline.at("layers_size") == 10000000);
  CHECK(pipeline.at("layers_first").at(1) == nlohmann::json{{"first", 6}, {"last", 6}});
  CHECK(pipeline.at("layers_last").back() == nlohmann::json{{"first", 39999998}, {"last", 39999998}});
}

TEST_CASE("the cost of no command grows with the number of virtual stages") {
  const std::string few = " --world-size 16 --tp 2 --pp 4 --vpp 2000 ";
  const std::string many = " --world-size 16 --tp 2 --pp 4 --vpp 2147483647 ";
  // Layers with which each split fills 4 stages of that many chunks.
  const auto even = [](const std::string& text) {
    return "--layers " + std::to_string(4 * std::stoll(text));
  };
  const auto check = [&](const std::string& command, const std::string& more_few,
                         const std::string& more_many) {
    const Cost first = cost_of(command + few + more_few);
    const Cost small = cost_of(command + few + more_few);
    const Cost large = cost_of(command + many + more_many);
    INFO(command << many << more_many);
    CHECK(first.output == small.output);
    CHECK(large.bytes < 2 * small.bytes + 100000);
    CHECK(large.output < 2 * small.output + 10000);
  };
  for (const std::string command : {"show", "show --format json", "rank 5", "rank 5 --format json",
                                    "rank 5 --all", "rank 5 --all --format json"}) {
    check(command, even("2000"), even("2147483647"));
    check(command, even("2000") + " --first-stage-layers 2000",
          even("2147483647") + " --first-stage-layers 2147483647");
    check(command, "--layers 7999 --account-for-embedding", "--layers 8589934587 --account-for-embedding");
  }
  for (const std::string command :
       {"groups", "draw", "draw --format svg", "draw --format html", "draw --format dot",
        "export --format toml", "export --format per-rank-json"}) {
    check(command, "", "");
  }
  for (const std::string command : {"diff 'world=16 pp=4 vpp={vpp}' 'world=16 pp=4'",
                                    "modules 'world=16 convention=megatron-core pp=4 vpp={vpp}'",
                                    "translate --from rankmesh --to megatron --to devicemesh 'world=16 "
                                    "convention=megatron-core pp=4 vpp={vpp}'"}) {
    const auto cost = [&](const std::string& vpp) {
      std::string line = command;
      line.replace(line.find("{vpp}"), 5, vpp);
      return cost_of(line);
    };
    static_cast<void>(cost("2000"));
    CHECK(cost("2147483647").bytes < 2 * cost("2000").bytes + 100000);
  }
}
