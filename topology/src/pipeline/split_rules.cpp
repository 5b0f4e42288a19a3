#include "pipeline/split_rules.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "config/rules.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

constexpr std::int64_t most_cost = 1000000000;

std::int64_t virtual_stages_of(const PipelineStages& stages) {
  return stages.virtual_stages.value_or(1);
}

/// `pipeline = 4 times virtual_pipeline = 2`
Phrase chunks_phrase(const PipelineStages& stages) {
  std::vector<Phrase> factors;
  if (stages.stages > 1) factors.push_back(Phrase::field("pipeline", stages.stages));
  if (virtual_stages_of(stages) > 1)
    factors.push_back(Phrase::field("virtual_pipeline", *stages.virtual_stages));
  return factors.empty() ? Phrase::field("pipeline", 1) : joined_phrases(factors, " times ");
}

/// The options of a split that are given, by their fields.
std::vector<std::string_view> given_options(const PipelineSplit& split) {
  std::vector<std::string_view> names;
  if (split.first_stage_layers) names.emplace_back("first_stage_layers");
  if (split.last_stage_layers) names.emplace_back("last_stage_layers");
  if (split.account_for_embedding) names.emplace_back("account_for_embedding");
  if (split.account_for_loss) names.emplace_back("account_for_loss");
  if (split.costs) names.emplace_back("costs");
  if (split.layout) names.emplace_back("pipeline_layout");
  return names;
}

/// Options of different groups exclude each other.
int group_of(std::string_view option) {
  if (option.ends_with("_stage_layers")) return 0;
  if (option.starts_with("account_for_")) return 1;
  return option == "costs" ? 2 : 3;
}

void check_options(const PipelineSplit& split, Diagnostics& found) {
  const std::vector<std::string_view> options = given_options(split);
  for (const std::string_view option : options) {
    if (group_of(option) == group_of(options.front())) continue;
    found.add(option, "", "cannot go together with " + Phrase::field(options.front()));
  }
}

void check_range(std::string_view field, std::optional<std::int64_t> value, std::int64_t least,
                 std::int64_t most, Diagnostics& found) {
  if (!value) return;
  if (*value < least) found.add(field, *value, "is below " + std::to_string(least));
  if (*value > most) found.add(field, *value, "is above " + std::to_string(most));
}

void check_ranges(const PipelineSplit& split, const PipelineStages& stages, Diagnostics& found) {
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  check_range("pipeline", stages.stages, 1, most, found);
  check_range("virtual_pipeline", stages.virtual_stages, 1, most, found);
  check_range("layers", split.layers, 1, split.costs ? most : most_layers - 2, found);
  check_range("mtp_layers", split.mtp_layers, 0, most, found);
  check_range("first_stage_layers", split.first_stage_layers, 1, most_layers, found);
  check_range("last_stage_layers", split.last_stage_layers, 1, most_layers, found);
  if (!split.costs) return;
  check_range("costs", split.costs->layer, 1, most_cost, found);
  for (const std::int64_t cost : {split.costs->embedding, split.costs->loss, split.costs->mtp})
    check_range("costs", cost, 0, most_cost, found);
}

/// The stages whose layers are not given.
struct OtherStages {
  std::int64_t count = 0;
  std::int64_t layers = 0;
};

OtherStages other_stages(const PipelineSplit& split, const PipelineStages& stages) {
  OtherStages others{.count = stages.stages, .layers = *split.layers};
  for (const auto& given : {split.first_stage_layers, split.last_stage_layers}) {
    if (!given) continue;
    --others.count;
    others.layers -= *given;
  }
  return others;
}

void check_first_and_last(const PipelineSplit& split, const PipelineStages& stages, Diagnostics& found) {
  const std::int64_t chunks = virtual_stages_of(stages);
  const std::pair<std::string_view, std::optional<std::int64_t>> both[] = {
      {"first_stage_layers", split.first_stage_layers}, {"last_stage_layers", split.last_stage_layers}};
  bool is_multiple = true;
  for (const auto& [field, value] : both) {
    if (!value || *value % chunks == 0) continue;
    is_multiple = false;
    found.add(field, *value, "is no multiple of " + Phrase::field("virtual_pipeline", chunks));
  }
  if (!is_multiple) return;
  const auto& [field, value] = both[split.first_stage_layers ? 0 : 1];
  const OtherStages others = other_stages(split, stages);
  if (others.count == 0 && chunks > 1 && stages.stages > 1) {
    found.add(field, *value,
              "leaves no stage between the first and the last, and Megatron-Core fails then with " +
                  Phrase::field("virtual_pipeline", chunks));
    return;
  }
  Phrase rule;
  if (split.first_stage_layers && split.last_stage_layers) {
    rule += "and " + Phrase::field("last_stage_layers", *split.last_stage_layers) + " leave ";
  } else {
    rule += "leaves ";
  }
  rule += std::to_string(others.layers) + " of " + Phrase::field("layers", *split.layers) + " for " +
          std::to_string(others.count) + " of " + Phrase::field("pipeline", stages.stages) + " stages";
  if (others.count < 0 || (others.layers > 0) != (others.count > 0) || others.layers < 0) {
    found.add(field, *value, rule);
  } else if (others.count > 0 &&
             (others.layers % others.count != 0 || others.layers / others.count % chunks != 0)) {
    rule += ", no multiple of " + std::to_string(others.count);
    if (chunks > 1) rule += " times " + Phrase::field("virtual_pipeline", chunks);
    found.add(field, *value, rule);
  }
}

/// Layers that count as such, with the embedding and the loss where they do.
std::int64_t counted_layers(const PipelineSplit& split) {
  return *split.layers + (split.account_for_embedding ? 1 : 0) + (split.account_for_loss ? 1 : 0);
}

void check_equal_chunks(const PipelineSplit& split, const PipelineStages& stages, Diagnostics& found) {
  const std::int64_t chunks = stages.stages * virtual_stages_of(stages);
  const std::int64_t layers = counted_layers(split);
  if (layers % chunks == 0) return;
  Phrase rule;
  if (layers == *split.layers) {
    rule += "is no positive multiple of ";
  } else {
    std::vector<Phrase> extra;
    for (const std::string_view option : given_options(split)) extra.push_back(Phrase::field(option));
    rule += "with " + joined_phrases(extra, " and ") + " counts as " + std::to_string(layers) +
            ", no multiple of ";
  }
  found.add("layers", *split.layers, rule + chunks_phrase(stages));
}

/// The chunks of a balanced split.
struct Balance {
  std::int64_t first = 0;
  std::int64_t middle = 0;
  /// Middle chunks, the last of the middle, with one layer more.
  std::int64_t more = 0;
  std::int64_t last = 0;
};

/// How many layers chunks can hold if none may cost more than a limit.
struct Room {
  std::int64_t first;
  std::int64_t middle;
  std::int64_t last;
};

Room room_below(std::int64_t limit, const PipelineSplit& split) {
  const SplitCosts& costs = *split.costs;
  const auto layers = [&](std::int64_t cost) {
    return std::max<std::int64_t>(0, limit - cost) / costs.layer;
  };
  return {layers(costs.embedding), layers(0), layers(costs.loss + costs.mtp * split.mtp_layers.value_or(0))};
}

/// The layers for which there is room, or all if there is more.
std::int64_t total_of(const Room& room, std::int64_t middle_chunks, std::int64_t all) {
  std::int64_t total = std::min(all, room.first) + std::min(all, room.last);
  const bool is_enough = room.middle > 0 && middle_chunks > (all - 1) / room.middle;
  if (middle_chunks > 0) total += is_enough ? all : middle_chunks * room.middle;
  return std::min(total, all);
}

/// The smallest possible limit of the cost of a chunk by bisection; the layers that must cost as much are put
/// into the last chunks that can hold them.
/// @param chunks at least 2
Balance balance_of(const PipelineSplit& split, std::int64_t chunks) {
  const SplitCosts& costs = *split.costs;
  const std::int64_t layers = *split.layers;
  std::int64_t too_little = 0;
  std::int64_t enough =
      costs.layer * layers + costs.embedding + costs.loss + costs.mtp * split.mtp_layers.value_or(0);
  while (too_little + 1 < enough) {
    const std::int64_t limit = too_little + (enough - too_little) / 2;
    (total_of(room_below(limit, split), chunks - 2, layers) < layers ? too_little : enough) = limit;
  }
  const Room base = room_below(too_little, split);
  const Room most = room_below(enough, split);
  Balance result{.first = base.first, .middle = base.middle, .last = base.last};
  std::int64_t rest = layers - total_of(base, chunks - 2, layers);
  result.last += std::min(rest, most.last - base.last);
  rest -= result.last - base.last;
  result.more = most.middle > base.middle ? std::min(rest, chunks - 2) : 0;
  result.first += rest - result.more;
  return result;
}

void check_balance(const PipelineSplit& split, const PipelineStages& stages, Diagnostics& found) {
  const std::int64_t chunks = stages.stages * virtual_stages_of(stages);
  if (chunks <= 2) return;
  const Balance balance = balance_of(split, chunks);
  if (balance.middle > 0 || balance.more == chunks - 2) return;
  found.add("layers", *split.layers, "leaves chunks empty with " + chunks_phrase(stages));
}

}  // namespace

std::vector<Diagnostic> broken_text_rules(const LayoutText& read, std::string_view text,
                                          const PipelineStages& stages) {
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  Diagnostics found;
  check_range("pipeline", stages.stages, 1, most, found);
  if (!found.empty()) return found.take();
  const std::string value(text);
  if (read.chunks % stages.stages != 0 || read.chunks / stages.stages > most) {
    found.add("pipeline_layout", value,
              "has " + counted(read.chunks, "chunk") + ", no multiple of " +
                  Phrase::field("pipeline", stages.stages));
    return found.take();
  }
  const std::int64_t chunks = read.chunks / stages.stages;
  if (stages.virtual_stages && *stages.virtual_stages != chunks) {
    found.add("pipeline_layout", value,
              "has " + counted(chunks, "chunk") + " for each of " + Phrase::field("pipeline", stages.stages) +
                  " stages, but " + Phrase::field("virtual_pipeline", *stages.virtual_stages));
  }
  if (read.mtp_layers > 0 && read.mtp_chunk < read.chunks - stages.stages) {
    found.add("pipeline_layout", value,
              "has the MTP layers in chunk " + std::to_string(read.mtp_chunk) + " of " +
                  std::to_string(read.chunks) +
                  ", but they must be in the last chunk of their stage: one of the last " +
                  Phrase::field("pipeline", stages.stages));
  }
  return found.take();
}

std::vector<Diagnostic> broken_split_rules(const PipelineSplit& split, const PipelineStages& stages) {
  Diagnostics found;
  check_options(split, found);
  check_ranges(split, stages, found);
  if (!split.layers && !split.layout) {
    std::vector<Diagnostic> result = found.take();
    result.push_back({.field = "layers", .rule = "is missing", .kind = Diagnostic::Kind::missing});
    return result;
  }
  if (split.layout) {
    const LayoutText read = read_layout_text(*split.layout);
    std::vector<Diagnostic> result = found.take();
    result.insert(result.end(), read.diagnostics.begin(), read.diagnostics.end());
    if (!result.empty()) return result;
    if (split.layers && *split.layers != read.layers)
      found.add("layers", *split.layers,
                "are not the " + std::to_string(read.layers) + " of " + Phrase::field("pipeline_layout"));
    if (split.mtp_layers && *split.mtp_layers != read.mtp_layers)
      found.add("mtp_layers", *split.mtp_layers,
                "are not the " + std::to_string(read.mtp_layers) + " of " + Phrase::field("pipeline_layout"));
    result = found.take();
    const std::vector<Diagnostic> more = broken_text_rules(read, *split.layout, stages);
    result.insert(result.end(), more.begin(), more.end());
    return result;
  }
  if (!found.empty()) return found.take();
  if (split.first_stage_layers || split.last_stage_layers) {
    check_first_and_last(split, stages, found);
  } else if (split.costs) {
    check_balance(split, stages, found);
  } else {
    check_equal_chunks(split, stages, found);
  }
  return found.take();
}

std::vector<LayoutPart> parts_of_split(const PipelineSplit& split, const PipelineStages& stages) {
  const std::int64_t per_stage = virtual_stages_of(stages);
  const std::int64_t chunks = stages.stages * per_stage;
  if (split.first_stage_layers || split.last_stage_layers) {
    const OtherStages others = other_stages(split, stages);
    LayoutPart part{.runs = {}, .copies = per_stage};
    if (split.first_stage_layers) part.runs.push_back({*split.first_stage_layers / per_stage, 1});
    if (others.count > 0) part.runs.push_back({others.layers / others.count / per_stage, others.count});
    if (split.last_stage_layers) part.runs.push_back({*split.last_stage_layers / per_stage, 1});
    return {part};
  }
  if (chunks == 1) return {{.runs = {{*split.layers, 1}}}};
  if (split.costs) {
    const Balance balance = balance_of(split, chunks);
    return {{.runs = {{balance.first, 1},
                      {balance.middle, chunks - 2 - balance.more},
                      {balance.middle + 1, balance.more},
                      {balance.last, 1}}}};
  }
  const std::int64_t equal = counted_layers(split) / chunks;
  return {{.runs = {{equal - (split.account_for_embedding ? 1 : 0), 1},
                    {equal, chunks - 2},
                    {equal - (split.account_for_loss ? 1 : 0), 1}}}};
}

}  // namespace rankmesh
