// Layouts of random sizes: every layer once and in order, embedding groups where embeddings are, oracles that
// go chunk by chunk, and suggestions that are applied.

#include <algorithm>
#include <numeric>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "rankmesh/topology/pipeline_layout.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/generators.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

PipelineSplit some_split() {
  PipelineSplit split{.layers = number_between(1, 60)};
  if (*rc::gen::arbitrary<bool>()) split.mtp_layers = number_between(0, 3);
  switch (number_between(0, 3)) {
    case 0:
      split.first_stage_layers = maybe_between(1, 12);
      split.last_stage_layers = maybe_between(1, 12);
      break;
    case 1:
      split.account_for_embedding = *rc::gen::arbitrary<bool>();
      split.account_for_loss = *rc::gen::arbitrary<bool>();
      break;
    case 2:
      split.costs = SplitCosts{.layer = number_between(1, 5),
                               .embedding = number_between(0, 20),
                               .loss = number_between(0, 20),
                               .mtp = number_between(0, 20)};
      break;
    default:
      break;
  }
  return split;
}

PipelineStages some_stages() {
  PipelineStages stages{.stages = number_between(1, 8)};
  if (stages.stages > 1) stages.virtual_stages = maybe_between(1, 4);
  return stages;
}

/// The chunks in the order of the model.
std::vector<ChunkContent> chunks_of(const PipelineLayout& layout) {
  std::vector<ChunkContent> chunks;
  for (std::int64_t v = 0; v < layout.virtual_stages(); ++v) {
    for (std::int64_t stage = 0; stage < layout.stages(); ++stage)
      chunks.push_back(layout.chunk({.stage = stage, .virtual_stage = v}));
  }
  return chunks;
}

/// Stages whose chunks hold something.
template <typename Holds>
std::vector<std::int64_t> stages_that(const PipelineLayout& layout, Holds holds) {
  std::vector<std::int64_t> stages;
  for (std::int64_t stage = 0; stage < layout.stages(); ++stage) {
    bool found = false;
    for (std::int64_t v = 0; v < layout.virtual_stages(); ++v)
      found = found || holds(layout.chunk({.stage = stage, .virtual_stage = v}));
    if (found) stages.push_back(stage);
  }
  return stages;
}

void check_layout(const PipelineLayout& layout) {
  std::int64_t next = 1;
  std::int64_t next_mtp = 1;
  const std::vector<ChunkContent> chunks = chunks_of(layout);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    RC_ASSERT(chunks[i].layers.first == next);
    RC_ASSERT(chunks[i].layers.count >= 0);
    next += chunks[i].layers.count;
    RC_ASSERT(chunks[i].mtp.first == next_mtp);
    next_mtp += chunks[i].mtp.count;
    RC_ASSERT(chunks[i].embedding == (i == 0));
    RC_ASSERT(chunks[i].loss == (i + 1 == chunks.size()));
  }
  RC_ASSERT(next == layout.layers() + 1);
  RC_ASSERT(next_mtp == layout.mtp_layers() + 1);
  const auto has_copy = [](const ChunkContent& c) { return c.embedding || c.mtp.count > 0; };
  RC_ASSERT(layout.embedding_stages(false) == stages_that(layout, has_copy));
  RC_ASSERT(layout.embedding_stages() ==
            stages_that(layout, [&](const ChunkContent& c) { return has_copy(c) || c.loss; }));
  RC_ASSERT(PipelineLayout::parse(layout.to_string(), layout.stages()) == layout);
  RC_ASSERT(layout.to_string() == PipelineLayout::parse(layout.to_string(), layout.stages()).to_string());
}

/// A chunk of a layout string, letter by letter, and the same in short.
std::string letters(const std::string& chunk) {
  return std::regex_replace(chunk, std::regex("t\\*4"), "tttt");
}

/// Each parallel size, split and list of nearest values that a message proposes, applied.
struct Change {
  PipelineSplit split;
  ParallelConfig config;
};

std::vector<Change> changes_of(const Diagnostic& diagnostic, const PipelineSplit& split,
                               const ParallelConfig& config) {
  std::vector<Change> changes;
  for (const std::int64_t value : diagnostic.nearest) {
    Change change{split, config};
    (diagnostic.field == "first_stage_layers" ? change.split.first_stage_layers
                                              : change.split.last_stage_layers) = value;
    changes.push_back(change);
  }
  std::string text = diagnostic.rule.text();
  const PipelineSplit plain{.layers = split.layers, .mtp_layers = split.mtp_layers};
  while (text.find("take ") != std::string::npos) {
    text = text.substr(text.find("take ") + 5);
    std::string remedy = text.substr(0, text.find(", or take "));
    Change change{plain, config};
    if (remedy == "a balanced split (costs)") change.split.costs = SplitCosts();
    if (remedy.find("account_for_embedding") != std::string::npos) change.split.account_for_embedding = true;
    if (remedy.find("account_for_loss") != std::string::npos) change.split.account_for_loss = true;
    std::smatch match;
    if (std::regex_match(remedy, match,
                         std::regex("first_stage_layers = (\\d+) and last_stage_layers = (\\d+)"))) {
      change.split.first_stage_layers = std::stoll(match[1]);
      change.split.last_stage_layers = std::stoll(match[2]);
    }
    if (!remedy.starts_with("pipeline") && !remedy.starts_with("virtual") && !remedy.starts_with("no ")) {
      RC_ASSERT(!(change.split == plain));
      changes.push_back(change);
      continue;
    }
    change.split = split;
    if (remedy.find("virtual_pipeline") != std::string::npos) change.config.virtual_pipeline.reset();
    if (remedy == "no virtual_pipeline") changes.push_back(change);
    const bool is_virtual = remedy.starts_with("virtual_pipeline = ");
    const std::regex digits("\\d+");
    for (std::sregex_iterator it(remedy.begin(), remedy.end(), digits), end; it != end; ++it) {
      const std::int64_t value = std::stoll(it->str());
      if (is_virtual) {
        change.config.virtual_pipeline = value;
      } else {
        change.config.pipeline = value;
      }
      changes.push_back(change);
    }
  }
  return changes;
}

/// The largest cost of a chunk.
std::int64_t largest_cost(const std::vector<std::int64_t>& layers, const PipelineSplit& split) {
  std::int64_t most = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::int64_t cost = layers[i] * split.costs->layer;
    if (i == 0) cost += split.costs->embedding;
    if (i + 1 == layers.size()) cost += split.costs->loss + split.costs->mtp * split.mtp_layers.value_or(0);
    most = std::max(most, cost);
  }
  return most;
}

}  // namespace

TEST_CASE("every layer is in one chunk, in order, and embeddings are where the layout says", "[property]") {
  int valid = 0;
  CHECK(rc::check("splits", [&] {
    const PipelineSplit split = some_split();
    const PipelineStages stages = some_stages();
    try {
      const PipelineLayout layout(split, stages);
      RC_ASSERT(layout.layers() == split.layers);
      RC_ASSERT(layout.mtp_layers() == split.mtp_layers.value_or(0));
      RC_ASSERT(layout.stages() == stages.stages);
      RC_ASSERT(layout.virtual_stages() == stages.virtual_stages.value_or(1));
      check_layout(layout);
      ++valid;
    } catch (const ConfigError&) {
    }
  }));
  CHECK(valid > share_of(10));
}

TEST_CASE("a layout string means what its letters say, however it is abbreviated", "[property]") {
  CHECK(rc::check("strings", [] {
    std::string text = "E";
    std::string full = "E";
    const auto chunk = [] { return *rc::gen::element<std::string>("", "t", "tt", "t*4", "t,t"); };
    text += "t";
    full += "t";
    for (std::int64_t parts = number_between(0, 4); parts > 0; --parts) {
      std::string body;
      for (std::int64_t i = number_between(1, 3); i > 0; --i) body += chunk() + "|";
      if (*rc::gen::arbitrary<bool>()) body += chunk();
      const std::int64_t copies = number_between(0, 5);
      text += "(" + body + ")*" + std::to_string(copies) + ",";
      for (std::int64_t i = 0; i < copies; ++i) full += letters(body);
    }
    const std::string end = *rc::gen::element<std::string>("L", "mL", "|L", "|mmL");
    text += end;
    full += end;
    RC_LOG() << text << std::endl;
    const PipelineLayout layout = PipelineLayout::parse(text, 1);
    std::erase(full, ',');
    std::vector<std::int64_t> layers{0};
    for (const char letter : full) {
      if (letter == '|') layers.push_back(0);
      if (letter == 't') ++layers.back();
    }
    const std::vector<ChunkContent> chunks = chunks_of(layout);
    RC_ASSERT(chunks.size() == layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) RC_ASSERT(chunks[i].layers.count == layers[i]);
    RC_ASSERT(layout == PipelineLayout::parse(full, 1));
    check_layout(layout);
  }));
}

TEST_CASE("layouts are equal if and only if all chunks are", "[property]") {
  CHECK(rc::check("equality", [] {
    const auto some = [] {
      std::string text = "Et|";
      for (std::int64_t parts = number_between(1, 3); parts > 0; --parts) {
        text += "(";
        for (std::int64_t i = number_between(1, 3); i > 0; --i)
          text += *rc::gen::element<std::string>("t|", "tt|");
        text += ")*" + std::to_string(number_between(1, 6)) + ",";
      }
      return PipelineLayout::parse(text + "L", 1);
    };
    const PipelineLayout a = some();
    const PipelineLayout b = some();
    RC_ASSERT((a == b) == (chunks_of(a) == chunks_of(b)));
  }));
}

TEST_CASE("a balanced split has the smallest possible cost, and more layers in later chunks", "[property]") {
  CHECK(rc::check("balance", [] {
    PipelineSplit split = some_split();
    split = {.layers = number_between(1, 40), .mtp_layers = split.mtp_layers};
    split.costs = SplitCosts{.layer = number_between(1, 5),
                             .embedding = number_between(0, 20),
                             .loss = number_between(0, 20),
                             .mtp = number_between(0, 9)};
    const std::int64_t chunks = number_between(2, 8);
    // The slow way: each layer goes where it makes the lowest cost, to the last of equal chunks.
    std::vector<std::int64_t> layers(static_cast<std::size_t>(chunks), 0);
    std::vector<std::int64_t> costs(layers.size(), 0);
    costs.front() = split.costs->embedding;
    costs.back() = split.costs->loss + split.costs->mtp * split.mtp_layers.value_or(0);
    for (std::int64_t i = 0; i < *split.layers; ++i) {
      const auto cheapest = costs.rend() - std::min_element(costs.rbegin(), costs.rend()) - 1;
      ++layers[static_cast<std::size_t>(cheapest)];
      costs[static_cast<std::size_t>(cheapest)] += split.costs->layer;
    }
    const bool leaves_empty =
        std::any_of(layers.begin() + 1, layers.end() - 1, [](auto n) { return n == 0; });
    try {
      const PipelineLayout layout(split, {.stages = chunks});
      RC_ASSERT(!leaves_empty);
      std::vector<std::int64_t> found;
      for (const ChunkContent& chunk : chunks_of(layout)) found.push_back(chunk.layers.count);
      RC_ASSERT(largest_cost(found, split) == largest_cost(layers, split));
      RC_ASSERT(std::is_sorted(found.begin() + 1, found.end() - 1));
      std::vector<std::int64_t> sorted_layers(layers.begin() + 1, layers.end() - 1);
      std::sort(sorted_layers.begin(), sorted_layers.end());
      RC_ASSERT(std::equal(sorted_layers.begin(), sorted_layers.end(), found.begin() + 1));
      check_layout(layout);
    } catch (const ConfigError&) {
      RC_ASSERT(leaves_empty);
    }
  }));
}

TEST_CASE("what a refusal of a split suggests works", "[property]") {
  int applied = 0;
  CHECK(rc::check("suggestions", [&] {
    const PipelineSplit split = some_split();
    const PipelineStages stages = some_stages();
    ParallelConfig config{.world_size = stages.stages * number_between(1, 24),
                          .pipeline = stages.stages,
                          .virtual_pipeline = stages.virtual_stages,
                          .virtual_pipeline_rule = VirtualPipelineRule::megatron};
    RC_PRE(check(config).empty());
    const std::vector<Diagnostic> found = check_pipeline_split(split, config);
    for (const Diagnostic& diagnostic : found) {
      RC_LOG() << diagnostic.message() << std::endl;
      for (const Change& change : changes_of(diagnostic, split, config)) {
        ++applied;
        RC_ASSERT(check(change.config).empty());
        for (const Diagnostic& left : check_pipeline_split(change.split, change.config)) {
          // What is wrong with another field may stay.
          RC_ASSERT(left.field != diagnostic.field);
          RC_ASSERT(std::any_of(found.begin(), found.end(),
                                [&](const Diagnostic& d) { return d.field == left.field; }));
        }
      }
    }
  }));
  CHECK(applied > share_of(50));
}

TEST_CASE("what a refusal of a layout string suggests works", "[property]") {
  int applied = 0;
  CHECK(rc::check("strings", [&] {
    ParallelConfig config{.world_size = 24 * number_between(1, 3),
                          .pipeline = number_between(1, 8),
                          .convention = Convention::megatron_core};
    config.virtual_pipeline = maybe_between(1, 3);
    RC_PRE(check(config).empty());
    std::string text = "Et";
    for (std::int64_t i = number_between(1, 24); i > 0; --i) text += "|t";
    const PipelineSplit split{.layout = text + *rc::gen::element<std::string>("L", "|m|L")};
    for (const Diagnostic& diagnostic : check_pipeline_split(split, config)) {
      RC_LOG() << diagnostic.message() << std::endl;
      for (const Change& change : changes_of(diagnostic, split, config)) {
        ++applied;
        RC_ASSERT(check(change.config).empty());
        const PipelineLayout layout = make_pipeline_layout(change.split, change.config);
        RC_ASSERT(with_pipeline_layout(change.config, layout).pipeline == change.config.pipeline);
      }
    }
  }));
  CHECK(applied > share_of(20));
}

TEST_CASE("the embedding groups of a topology hold exactly the stages that hold embeddings", "[property]") {
  CHECK(rc::check("groups", [] {
    const PipelineStages stages = some_stages();
    ParallelConfig config{.world_size = stages.stages * 4,
                          .tensor = 2,
                          .pipeline = stages.stages,
                          .virtual_pipeline = stages.virtual_stages,
                          .convention = Convention::megatron_core};
    RC_PRE(check(config).empty());
    // The MTP layers in any of the last chunks.
    const std::int64_t count = stages.stages * stages.virtual_stages.value_or(1);
    const std::int64_t mtp = count - number_between(1, stages.stages);
    std::string text = "Et";
    for (std::int64_t i = 0; i < count; ++i) {
      if (i > 0) text += i < mtp ? "|t" : "|";
      if (i == mtp) text += "m";
    }
    const PipelineLayout layout = PipelineLayout::parse(text + "L", stages.stages);
    const Topology topology(config, layout);
    const auto is_held = [&](int rank, bool position) {
      const auto stage = topology.pipeline().stage_of(rank);
      for (std::int64_t v = 0; v < layout.virtual_stages(); ++v) {
        const ChunkContent chunk = layout.chunk({.stage = stage, .virtual_stage = v});
        if (chunk.embedding || (!position && (chunk.loss || chunk.mtp.count > 0))) return true;
      }
      return false;
    };
    for (int rank = 0; rank < topology.world_size(); ++rank) {
      RC_ASSERT(topology.family(GroupKind::embedding).locate(rank).has_value() == is_held(rank, false));
      RC_ASSERT(topology.family(GroupKind::position_embedding).locate(rank).has_value() ==
                is_held(rank, true));
    }
  }));
}
