// What the program prints of a layout is an argument of every command that takes one.

#include <rapidcheck.h>

#include "rankmesh/dialects/dialect.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support.hpp"
#include "support/catch.hpp"

using rankmesh::Convention;
using rankmesh::ParallelConfig;
using rankmesh::to_string;
using rankmesh::Topology;
namespace dialects = rankmesh::dialects;
using rankmesh::tests::Outcome;
using rankmesh::tests::run_words;

namespace {

std::int64_t size() {
  return *rc::gen::element<std::int64_t>(1, 2, 3, 4);
}

/// A valid layout of one of the conventions.
ParallelConfig random_config() {
  const bool is_megatron = *rc::gen::arbitrary<bool>();
  ParallelConfig config{.tensor = size(), .pipeline = size()};
  config.world_size = config.tensor * config.pipeline * size() * size();
  if (is_megatron) {
    config.convention = Convention::megatron_core;
    config.context = config.world_size % (config.tensor * config.pipeline * 2) == 0
                         ? *rc::gen::element<std::int64_t>(1, 2)
                         : 1;
    config.expert_tensor = 1;
    config.expert = config.world_size % (config.pipeline * 2) == 0 ? 2 : 1;
    if (config.expert == 1) config.expert_tensor.reset();
    config.order = *rc::gen::element<std::string>("tp-cp-ep-dp-pp", "tp-cp-ep-pp-dp", "tp-ep-cp-dp-pp");
  } else {
    config.fp8 = *rc::gen::arbitrary<bool>();
  }
  RC_PRE(rankmesh::check(config).empty());
  return config;
}

/// The groups of a layout as the program prints them.
std::string groups_of(const std::vector<std::string>& words) {
  std::vector<std::string> all{"groups"};
  all.insert(all.end(), words.begin(), words.end());
  all.insert(all.end(), {"--format", "csv"});
  const Outcome outcome = run_words(all);
  RC_ASSERT(outcome.err.find("error") == std::string::npos);
  return outcome.out;
}

/// Flags of Megatron-LM for a layout.
std::string flags_of(const ParallelConfig& config) {
  std::string text = "--tensor-model-parallel-size " + std::to_string(config.tensor) +
                     " --lr 1e-4 --pipeline-model-parallel-size " + std::to_string(config.pipeline) +
                     " --bf16 --context-parallel-size " + std::to_string(config.context) +
                     " --expert-model-parallel-size " + std::to_string(config.expert);
  if (config.expert_tensor) text += " --expert-tensor-parallel-size " + std::to_string(*config.expert_tensor);
  if (config.order == "tp-cp-ep-pp-dp") text += " --use-tp-pp-dp-mapping";
  return text;
}

}  // namespace

TEST_CASE("a layout on one line gives the groups of its options, in every dialect") {
  CHECK(rc::check([] {
    const ParallelConfig config = random_config();
    const std::string text = to_string(config);
    std::vector<std::pair<dialects::Dialect, std::string>> written;
    for (const dialects::Dialect dialect : dialects::all()) {
      try {
        written.emplace_back(dialect, dialects::write(dialect, config));
      } catch (const rankmesh::ConfigError&) {
        continue;
      }
    }
    // One dialect and one of the ways to use its text in each case: a thousand cases meet all of them.
    const auto [dialect, other] = *rc::gen::elementOf(written);
    RC_ASSERT(dialects::recognise(other) == dialect);
    const std::string world = std::to_string(config.world_size);
    const std::string named = std::string(name_of(dialect)) + ": " + other;
    const Topology read(dialects::read(dialect, other, config.world_size));
    const int way = *rc::gen::element(0, 1, 2, 3, 4);
    RC_CLASSIFY(true, std::string(name_of(dialect)) + " " + std::to_string(way));
    switch (way) {
      case 0:
        RC_ASSERT(groups_of({"rankmesh: " + text}) == groups_of({text}));
        break;
      case 1:
        RC_ASSERT(groups_of({other, "--world-size", world}) == groups_of({named, "--world-size", world}));
        break;
      case 2:
        RC_ASSERT(groups_of({other, "--world-size", world}) == groups_of({to_string(read.config())}));
        break;
      case 3:
        RC_ASSERT(run_words({"diff", text, other, "--world-size", world}).status == 0);
        break;
      default:
        RC_ASSERT(run_words({"translate", other, "--world-size", world, "--to", "rankmesh"}).status == 0);
    }
  }));
}

TEST_CASE("flags of Megatron-LM give the layout, in quotes or not") {
  CHECK(rc::check([] {
    ParallelConfig config = random_config();
    RC_PRE(config.convention == Convention::megatron_core && config.order != "tp-ep-cp-dp-pp");
    const std::string groups = groups_of({to_string(config)});
    const std::string flags = flags_of(config);
    const std::string world = std::to_string(config.world_size);
    RC_ASSERT(groups_of({flags, "--world-size", world}) == groups);
    std::vector<std::string> words = rankmesh::tests::split(flags);
    words.insert(words.begin() + *rc::gen::inRange(0, 1), {"--world-size", world});
    RC_ASSERT(groups_of(words) == groups);
  }));
}

TEST_CASE("every command that takes a layout takes one on one line") {
  const std::string text = "world=16 convention=mesh axes=tp=2,dp=8 groups=tp,dp";
  const std::vector<std::vector<std::string>> lines{{"show", text},
                                                    {"groups", text},
                                                    {"rank", "5", text},
                                                    {"draw", text},
                                                    {"export", text, "--format", "per-rank-json"},
                                                    {"mesh", text},
                                                    {"check", text},
                                                    {"modules", text},
                                                    {"diff", text, text},
                                                    {"translate", text, "--to", "devicemesh"}};
  for (const auto& words : lines) {
    const Outcome outcome = run_words(words);
    INFO(words.front() << ": " << outcome.err);
    CHECK(outcome.status == 0);
    CHECK_FALSE(outcome.out.empty());
  }
}

TEST_CASE("options override the words of a layout, and nothing overrides another text") {
  CHECK(run_words({"groups", "world=16 tp=2", "--tp", "4"}).out ==
        run_words({"groups", "world=16 tp=4"}).out);
  const Outcome other = run_words({"groups", "tp=2 dp=4", "--tp", "4"});
  CHECK(other.status == 2);
  CHECK(other.err.find("--tp: cannot be given beside LAYOUT, which has the sizes") != std::string::npos);
  CHECK(run_words({"show", "world=16 tp=2", "--from", "x.sh"})
            .err.find("give one of LAYOUT, --from and --layout") != std::string::npos);
  const Outcome typed = run_words({"show", "--tensor-model-parallel-size", "2", "--world-siz", "8"});
  CHECK(typed.err.find("unknown option --world-siz; did you mean --world-size?") != std::string::npos);
  const Outcome unknown = run_words({"show", "--world-size", "8", "--tensor-model-parallel-size", "2",
                                     "--pipeline-model-paralel-size", "2"});
  CHECK(unknown.status == 2);
  CHECK(unknown.err.find(
            "is not understood, and may change the layout; did you mean pipeline_model_parallel_size?") !=
        std::string::npos);
}

TEST_CASE("a file of another system is read by every command") {
  const std::string file = std::string(RANKMESH_VECTORS) + "/launch/saffron.yaml";
  CHECK(
      run_words({"show", "--from", file, "--format", "json"}).out.find("\"system\": \"megatron-lm-yaml\"") !=
      std::string::npos);
  const std::string groups = run_words({"groups", "--from", file}).out;
  CHECK(
      groups ==
      run_words({"groups", "world=8 convention=megatron-core tp=2 cp=2 ep=2 pp=2 order=tp-cp-ep-pp-dp"}).out);
  CHECK(run_words({"diff", "from:" + file, "from:" + file}).status == 0);
  CHECK(run_words({"rank", "3", "--from", file}).status == 0);
  CHECK(run_words({"draw", "--from", file}).status == 0);
  const std::string open = std::string(RANKMESH_VECTORS) + "/launch/mango.yaml";
  CHECK(run_words({"show", "--from", open}).status == 0);
  CHECK(run_words({"show", "--from", open, "--world-size", "64"}).status == 0);
  CHECK(run_words({"groups", "--from", open}).status == 2);
  CHECK(run_words({"show", "--from", "no_such_file"}).status == 2);
}
