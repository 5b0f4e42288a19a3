// Layouts of layers over stages: the facts of Megatron-Core, and what each mistake is told.

#include "rankmesh/topology/pipeline_layout.hpp"

#include <string>

#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"
#include "support/vectors.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

std::optional<std::int64_t> number_or_nothing(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<std::int64_t>());
}

/// Offsets and numbers of layers, and of MTP layers if wanted, as in the vectors.
Json chunks_of(const PipelineLayout& layout, bool with_mtp) {
  Json stages = Json::array();
  for (std::int64_t stage = 0; stage < layout.stages(); ++stage) {
    Json chunks = Json::array();
    for (std::int64_t v = 0; v < layout.virtual_stages(); ++v) {
      const ChunkContent content = layout.chunk({.stage = stage, .virtual_stage = v});
      Json chunk = {content.layers.first - 1, content.layers.count};
      if (with_mtp) {
        chunk.push_back(content.mtp.first - 1);
        chunk.push_back(content.mtp.count);
      }
      chunks.push_back(chunk);
    }
    stages.push_back(chunks);
  }
  return stages;
}

/// The messages of a ConfigError, one a line.
template <typename Function>
std::string problems(Function function) {
  try {
    function();
  } catch (const ConfigError& error) {
    std::string text;
    for (const Diagnostic& diagnostic : error.diagnostics())
      text += (text.empty() ? "" : "\n") + diagnostic.message();
    return text;
  }
  return "";
}

std::string problems_of(const std::string& text, std::int64_t stages = 1) {
  return problems([&] { static_cast<void>(PipelineLayout::parse(text, stages)); });
}

std::string problems_of(const PipelineSplit& split, const ParallelConfig& config) {
  return problems([&] { static_cast<void>(make_pipeline_layout(split, config)); });
}

/// A world that pipelines of up to 16 stages fit into.
ParallelConfig pipeline_of(std::int64_t stages, std::optional<std::int64_t> virtual_stages = std::nullopt) {
  return {.world_size = 5040,
          .pipeline = stages,
          .virtual_pipeline = virtual_stages,
          .convention = Convention::megatron_core};
}

}  // namespace

TEST_CASE("splits put the layers where Megatron-Core does, and refuse what it refuses") {
  const Json vectors = read_vectors("pipeline_layouts.json");
  int valid = 0;
  for (const Json& expected : vectors.at("splits")) {
    INFO(expected.dump());
    const PipelineSplit split{.layers = expected.at("layers").get<std::int64_t>(),
                              .first_stage_layers = number_or_nothing(expected.at("first")),
                              .last_stage_layers = number_or_nothing(expected.at("last")),
                              .account_for_embedding = expected.at("embedding").get<bool>(),
                              .account_for_loss = expected.at("loss").get<bool>()};
    const PipelineStages stages{.stages = expected.at("pp").get<std::int64_t>(),
                                .virtual_stages = number_or_nothing(expected.at("vpp"))};
    const std::string refusal = problems([&] { static_cast<void>(PipelineLayout(split, stages)); });
    INFO(refusal);
    // With a single stage, Megatron-Core builds the layers of the last stage and drops the others.
    if (stages.stages == 1 && split.first_stage_layers.value_or(*split.layers) != *split.layers) continue;
    CHECK(refusal.empty() == !expected.at("chunks").is_null());
    if (!refusal.empty() || expected.at("chunks").is_null()) continue;
    ++valid;
    CHECK(chunks_of(PipelineLayout(split, stages), false) == expected.at("chunks"));
  }
  CHECK(valid > 300);
}

TEST_CASE("layout strings mean what Megatron-Core reads") {
  const Json vectors = read_vectors("pipeline_layouts.json");
  int valid = 0;
  for (const Json& expected : vectors.at("texts")) {
    INFO(expected.dump());
    const auto text = expected.at("text").get<std::string>();
    const auto stages = expected.at("pp").get<std::int64_t>();
    const std::string refusal = problems_of(text, stages);
    INFO(refusal);
    if (expected.at("chunks").is_null()) {
      CHECK_FALSE(refusal.empty());
      continue;
    }
    // What Megatron-Core reads one way and builds another is refused, and so is what only seems to be a
    // number.
    if (refusal.find("whatever is written") != std::string::npos ||
        refusal.find("multiply the numbers") != std::string::npos ||
        refusal.find("behind a comma") != std::string::npos ||
        refusal.find("no letter or group to repeat") != std::string::npos) {
      continue;
    }
    REQUIRE(refusal.empty());
    ++valid;
    const PipelineLayout layout = PipelineLayout::parse(text, stages);
    CHECK(chunks_of(layout, true) == expected.at("chunks"));
    std::vector<std::int64_t> embedding{0};
    for (const Json& stage : expected.at("mtp_stages")) {
      if (stage != 0) embedding.push_back(stage.get<std::int64_t>());
    }
    CHECK(layout.embedding_stages(false) == embedding);
    CHECK(PipelineLayout::parse(layout.to_string(), stages) == layout);
  }
  CHECK(valid > 150);
}

TEST_CASE("a layout string is printed in its short form") {
  CHECK(PipelineLayout::parse("Et*3|(tt|)*29,m|L", 16).to_string() == "Et*3|(tt|)*29,m|L");
  for (const std::string text : {"EtL", "Et|tt|t*3|L", "E|(t|tt|)*9,L", "Et||tm*3,L"}) {
    CHECK(PipelineLayout::parse(text, 1).to_string() == text);
  }
  CHECK(PipelineLayout::parse("Ettt|tt|tt|tt|tt|tt|mL", 7).to_string() == "Et*3|(tt|)*5,mL");
  CHECK(PipelineLayout({.layers = 126, .first_stage_layers = 7, .last_stage_layers = 7}, {.stages = 16})
            .to_string() == "Et*7|(t*8|)*14,t*7,L");
  CHECK(PipelineLayout({.layers = 12}, {.stages = 3, .virtual_stages = 2}).to_string() == "Ett|(tt|)*4,ttL");
}

TEST_CASE("time and memory do not depend on the number of chunks") {
  constexpr std::int64_t most = 2147483647;
  const PipelineLayout layout({.layers = 8 * most, .first_stage_layers = most, .last_stage_layers = 3 * most},
                              {.stages = 4, .virtual_stages = most});
  CHECK(layout.chunk({.stage = 3, .virtual_stage = most - 1}).layers ==
        LayerRange{.first = 8 * most - 2, .count = 3});
  CHECK(layout.to_string() == "Et|tt|tt|t*3|(t|tt|tt|t*3|)*2147483645,t|tt|tt|t*3,L");
  CHECK(PipelineLayout::parse(layout.to_string(), 4) == layout);
  CHECK(PipelineLayout::parse("Et|(tt|)*2147483646,t*2147483647,L", 4).virtual_stages() == 536870912);
  // Copies that begin elsewhere are equal chunks all the same.
  CHECK(PipelineLayout::parse("Et|(tt|t|)*2000000000,L", 2) ==
        PipelineLayout::parse("Et|tt|(t|tt|)*1999999999,t|L", 2));
  CHECK_FALSE(PipelineLayout::parse("Et|(tt|t|)*2000000000,L", 2) ==
              PipelineLayout::parse("Et|tt|(t|tt|)*1999999998,tt|t|t|L", 2));
}

TEST_CASE("each mistake in a layout string has its column") {
  const auto wrong = [](const std::string& text, int column, const std::string& rule) {
    CHECK(problems_of(text) == "pipeline_layout" + (text.empty() ? "" : " = " + text) +
                                   " is wrong in column " + std::to_string(column) + ": " + rule);
  };
  wrong("Et|xL", 4, "\"x\" is none of E (embedding), t (layer), m (MTP layer) and L (loss)");
  wrong("Et |L", 3, "\" \" is none of E (embedding), t (layer), m (MTP layer) and L (loss)");
  wrong("E((t|)*2|)*2L", 3, "\"(\" is a bracket inside brackets, which Megatron-Core cannot read");
  wrong("E*t", 3, "\"t\" is no number of repetitions");
  wrong("*2EtL", 1, "\"*\" is no letter or group to repeat");
  wrong("E(tL", 2, "\"(\" opens a group that is not closed");
  wrong("E(t|)L", 2, "\"(\" opens a group without a repetition: write (...)*N");
  wrong("E()*2L", 3, "\")\" closes an empty group");
  wrong("Et*3*2L", 5, "\"*\" repeats a second time: multiply the numbers");
  wrong("Et*1,2L", 6, "\"2\" continues a number behind a comma, which Megatron-Core ignores");
  wrong("Et*2147483648L", 4, "\"2\" is above 2147483647");
  wrong("tEL", 1, "\"t\" comes before the embedding, E");
  wrong("EtEL", 3, "\"E\" is a second embedding");
  wrong("EtLL", 4, "\"L\" is a second loss");
  wrong("EtLt", 4, "\"t\" comes after the loss, L");
  wrong("Etm|t|L", 5, "\"t\" is a layer after an MTP layer, m");
  wrong("E(tm)*2L", 3, "\"t\" is a layer after an MTP layer, m");
  wrong("Etm|mL", 5, "\"m\" is in another chunk than the MTP layer before it: put all in one chunk");
  wrong("|EtL", 2,
        "\"E\" is not in the first chunk: Megatron-Core puts the embedding there whatever is written");
  wrong("EtL|", 3, "\"L\" is not in the last chunk: Megatron-Core puts the loss there whatever is written");
  wrong("EL", 1, "it has no layer: write t for each");
  wrong("tL", 1, "it has no embedding: begin with E");
  wrong("Et", 2, "it has no loss: end with L");
  wrong("E(t*2000000000|)*2000000000(t*2000000000|)*2000000000L", 1,
        "it has too many layers or chunks to count");
  CHECK(problems_of("") ==
        "pipeline_layout is wrong in column 1: it has no embedding: begin with E\n"
        "pipeline_layout is wrong in column 1: it has no loss: end with L");
  CHECK(problems_of(std::string(65537, 't')) ==
        "pipeline_layout has 65537 characters, and may have at most 65536");
}

TEST_CASE("a split that does not fit says which sizes or splits do") {
  CHECK(problems_of({.layers = 126}, pipeline_of(16)) ==
        "layers = 126 is no positive multiple of pipeline = 16; take pipeline = 14 or 18, or take "
        "account_for_embedding and account_for_loss, or take first_stage_layers = 7 and last_stage_layers = "
        "7, or take a balanced split (costs)");
  CHECK(problems_of({.layers = 3}, pipeline_of(16, 2)) ==
        "layers = 3 is no positive multiple of pipeline = 16 times virtual_pipeline = 2; take pipeline = 3 "
        "without virtual_pipeline");
  CHECK(problems_of({.layers = 126, .account_for_loss = true}, pipeline_of(16)) ==
        "layers = 126 with account_for_loss counts as 127, no multiple of pipeline = 16; take pipeline = 1, "
        "or take account_for_embedding and account_for_loss, or take first_stage_layers = 7 and "
        "last_stage_layers = 7, or take a balanced split (costs)");
  CHECK(problems_of({.layers = 126, .first_stage_layers = 5, .last_stage_layers = 7}, pipeline_of(16)) ==
        "first_stage_layers = 5 and last_stage_layers = 7 leave 114 of layers = 126 for 14 of pipeline = 16 "
        "stages, no multiple of 14; take pipeline = 8 or 21, or take account_for_embedding and "
        "account_for_loss, or take first_stage_layers = 7 and last_stage_layers = 7, or take a balanced "
        "split (costs); nearest: 7");
  constexpr std::int64_t most = std::int64_t{1} << 62;
  CHECK(problems_of({.layers = 1, .first_stage_layers = most, .last_stage_layers = most}, pipeline_of(2)) ==
        "first_stage_layers = 4611686018427387904 and last_stage_layers = 4611686018427387904 leave "
        "-9223372036854775807 of layers = 1 for 0 of pipeline = 2 stages; take account_for_embedding, or "
        "take account_for_loss, or take a balanced split (costs)");
  CHECK(problems_of({.layers = 8, .first_stage_layers = 4, .account_for_loss = true}, pipeline_of(2)) ==
        "account_for_loss cannot go together with first_stage_layers");
  CHECK(problems_of({}, pipeline_of(2)) == "layers is missing");
  CHECK(problems_of({.layout = "Et|t|tL"}, pipeline_of(2)) ==
        "pipeline_layout = Et|t|tL has 3 chunks, no multiple of pipeline = 2; take pipeline = 3");
  CHECK(problems_of({.layers = 4, .layout = "Et|t|tL"}, pipeline_of(3)) ==
        "layers = 4 are not the 3 of pipeline_layout");
}

TEST_CASE("the embedding groups of a topology follow from the layout") {
  const ParallelConfig config = pipeline_of(4);
  const auto first_group = [](const Topology& topology, GroupKind kind) {
    const RankList ranks = topology.family(kind).group(0);
    return std::vector<int>(ranks.begin(), ranks.end());
  };
  const Topology standalone(config, PipelineLayout::parse("Et|tt|tm|L", 4));
  CHECK(first_group(standalone, GroupKind::embedding) == std::vector<int>{0, 2520, 3780});
  CHECK(first_group(standalone, GroupKind::position_embedding) == std::vector<int>{0});
  CHECK(standalone.config().embedding_stages == std::vector<std::int64_t>{0, 2, 3});

  const PipelineLayout even({.layers = 8}, {.stages = 4});
  CHECK(Topology(config, even) == Topology(config));
  CHECK(with_pipeline_layout(config, even, false).embedding_stages == std::vector<std::int64_t>{0});

  ParallelConfig with_decoder = config;
  with_decoder.split_rank = 2;
  CHECK(Topology(with_decoder, even) == Topology(with_decoder));

  const Topology interleaved(config, PipelineLayout::parse("Et|t|t|t|t|t|t|L", 4));
  CHECK(interleaved.config().virtual_pipeline == 2);
}

TEST_CASE("a layout of other stages than the configuration is refused") {
  const PipelineLayout layout = PipelineLayout::parse("Et|t|tm|L", 2);
  CHECK(problems([&] { static_cast<void>(Topology(pipeline_of(4), layout)); }) ==
        "pipeline = 4 is not the 2 of the pipeline layout");
  CHECK(problems([&] { static_cast<void>(Topology(pipeline_of(2, 3), layout)); }) ==
        "virtual_pipeline = 3 is not the 2 of the pipeline layout");
  ParallelConfig other = pipeline_of(4);
  other.embedding_stages = {0, 1};
  const PipelineLayout standalone = PipelineLayout::parse("Et|tt|tm|L", 4);
  CHECK(problems([&] { static_cast<void>(Topology(other, standalone)); }) ==
        "embedding_stages = 0,1 are not the stages of the pipeline layout: leave them out, or take 0,2,3");
  other = pipeline_of(4);
  other.convention = Convention::reference;
  CHECK(problems([&] { static_cast<void>(Topology(other, standalone)); }) ==
        "embedding_stages = 0,2,3 follow from the pipeline layout, but only the convention megatron-core can "
        "have them");
}
