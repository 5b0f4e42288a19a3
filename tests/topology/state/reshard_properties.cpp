// Changes of layout between random layouts of both conventions, carried out on labelled data: afterwards
// every rank holds what an oracle says, nothing was sent that was there, and the nearest holder sent it.

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/reshard.hpp"
#include "support/catch.hpp"
#include "support/generators.hpp"
#include "support/state_oracle.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

bool flip() {
  return *rc::gen::arbitrary<bool>();
}

ParallelConfig some_small_config() {
  const auto size = [] { return *rc::gen::element<std::int64_t>(1, 1, 2, 2, 3, 4); };
  ParallelConfig config;
  const bool is_megatron = flip();
  do {
    config = {};
    if (is_megatron) {
      config.convention = Convention::megatron_core;
      config.context = *rc::gen::element<std::int64_t>(1, 1, 2);
      config.expert = *rc::gen::element<std::int64_t>(1, 2, 2, 3);
      config.tensor = size();
      config.pipeline = size();
      config.expert_tensor = *rc::gen::element<std::int64_t>(1, 2, 1);
      config.order = *rc::gen::element<std::string>("tp-cp-ep-dp-pp", "tp-cp-ep-pp-dp", "pp-tp-cp-ep-dp",
                                                    "dp-tp-cp-ep-pp", "ep-cp-dp-tp-pp");
      config.optimizer_instances = *rc::gen::element<std::int64_t>(1, 1, 2);
    } else if (*rc::gen::inRange(0, 4) == 0) {
      config.sequence = size();
    } else {
      config.tensor = size();
      config.pipeline = size();
    }
    config.world_size = config.tensor * config.pipeline * config.sequence * config.context *
                        *rc::gen::element<std::int64_t>(1, 2, 3, 4);
    if (is_megatron && *rc::gen::inRange(0, 4) == 0) {
      config.rank_offset = number_between(0, 3);
      config.job_size = config.rank_offset + config.world_size + number_between(0, 2);
    }
  } while (config.world_size > 24 || !check(config).empty());
  return config;
}

/// A layout string with some layers.
std::string some_stages(std::int64_t stages, std::int64_t layers, std::int64_t mtp) {
  const std::int64_t chunks = stages * number_between(1, stages > 1 ? 3 : 1);
  std::vector<std::int64_t> of_chunk(static_cast<std::size_t>(chunks));
  for (std::int64_t layer = 0; layer < layers; ++layer)
    ++of_chunk[static_cast<std::size_t>(number_between(0, chunks - 1))];
  std::string text = "E";
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
    if (chunk > 0) text += '|';
    text += std::string(static_cast<std::size_t>(of_chunk[static_cast<std::size_t>(chunk)]), 't');
  }
  return text + std::string(static_cast<std::size_t>(mtp), 'm') + "L";
}

struct Case {
  OracleLayout from{};
  OracleLayout to{};
  std::vector<StateClass> classes{};
  ReshardOptions options{};
};

std::vector<StateClass> some_classes(const ParallelConfig& a, const ParallelConfig& b, std::int64_t layers,
                                     std::int64_t mtp) {
  const auto etp = [](const ParallelConfig& c) { return c.expert_tensor.value_or(c.tensor); };
  std::vector<StateClass> classes;
  const auto count = number_between(1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    StateClass row{.name = "class " + std::to_string(i)};
    row.place = *rc::gen::element(StatePlace::layers, StatePlace::layers, StatePlace::layers, StatePlace::mtp,
                                  StatePlace::embedding, StatePlace::tied_embedding, StatePlace::first,
                                  StatePlace::last);
    const bool is_of_layers = row.place == StatePlace::layers || row.place == StatePlace::mtp;
    if (is_of_layers && number_between(0, 2) == 0)
      row.experts = std::lcm(a.expert, b.expert) * number_between(1, 2);
    const std::int64_t all = row.place == StatePlace::mtp ? mtp : layers;
    if (is_of_layers && all > 1 && number_between(0, 3) == 0) {
      row.layers = {{0, 1}};
      if (all > 3) row.layers.push_back({2, number_between(1, all - 2)});
    }
    const bool of_experts = row.experts > 0;
    row.is_split = number_between(0, 3) > 0;
    row.units = number_between(1, 5);
    if (row.is_split) {
      const std::int64_t both = of_experts ? std::lcm(etp(a), etp(b)) : std::lcm(a.tensor, b.tensor);
      switch (number_between(0, 3)) {
        case 0:
          row.padded_to = number_between(1, 3);
          break;
        case 1:
          row.units = 1;
          break;
        case 2:
          // Several ranks may hold the same unit.
          row.units = of_experts ? std::gcd(etp(a), etp(b)) : std::gcd(a.tensor, b.tensor);
          break;
        default:
          row.units = both * number_between(1, 2);
      }
    }
    row.unit_elements = number_between(1, 3);
    row.element_bytes = number_between(1, 4);
    row.is_sharded = flip();
    classes.push_back(row);
  }
  return classes;
}

std::string text_of(const OracleLayout& layout) {
  return to_string(layout.config) + " " + layout.stages + (layout.distributed_optimizer ? "" : " replicated");
}

Case some_case() {
  Case result;
  const std::int64_t layers = number_between(1, 6);
  const std::int64_t mtp = number_between(0, 2);
  for (OracleLayout* layout : {&result.from, &result.to}) {
    layout->config = some_small_config();
    layout->stages = some_stages(layout->config.pipeline, layers, mtp);
    layout->distributed_optimizer = number_between(0, 3) > 0;
    RC_LOG() << text_of(*layout) << std::endl;
  }
  result.classes = some_classes(result.from.config, result.to.config, layers, mtp);
  const auto world = [](const OracleLayout& l) { return l.config.job_size.value_or(l.config.world_size); };
  const auto before = static_cast<int>(world(result.from));
  const auto after = static_cast<int>(world(result.to));
  if (flip()) {
    std::vector<int> all(static_cast<std::size_t>(std::max(before, after) + 2));
    std::iota(all.begin(), all.end(), 0);
    all = shuffled(all);
    result.options.old_rank_of_rank.assign(all.begin(), all.begin() + after);
  }
  if (flip()) {
    for (int rank = 0; rank < before; ++rank) {
      if (number_between(0, 3) == 0) result.options.lost.push_back(rank);
    }
  }
  if (flip()) {
    std::vector<int> slots(64);
    std::iota(slots.begin(), slots.end(), 0);
    result.options.places = ProcessPlaces{parse_cluster("rack:4 node:4 gpu:4"), Placement(shuffled(slots))};
  }
  return result;
}

StateLayout layout_of(const OracleLayout& layout) {
  return {Topology(layout.config),
          PipelineLayout::parse(layout.stages, layout.config.pipeline),
          {.distributed_optimizer = layout.distributed_optimizer}};
}

std::vector<Labels> all_held(const OracleLayout& layout, const std::vector<StateClass>& classes) {
  const StateOracle oracle(layout, classes);
  std::vector<Labels> held;
  const std::int64_t world = layout.config.job_size.value_or(layout.config.world_size);
  for (std::int64_t rank = 0; rank < world; ++rank) held.push_back(oracle.held(rank));
  return held;
}

/// Levels that separate two processes, counted one by one.
int separating_levels(const ReshardOptions& options, int a, int b) {
  if (!options.places) return 0;
  int levels = 0;
  for (const int size : {16, 4, 1}) {
    levels += options.places->placement.slot_of(a) / size != options.places->placement.slot_of(b) / size;
  }
  return levels;
}

}  // namespace

TEST_CASE("what a rank holds is what the oracle says") {
  CHECK(rc::check([] {
    const Case c = some_case();
    const std::vector<Labels> expected = all_held(c.from, c.classes);
    const StateLayout layout = layout_of(c.from);
    for (int rank = 0; rank < static_cast<int>(expected.size()); ++rank) {
      if (!layout.topology.contains(rank)) continue;
      Labels held;
      const auto blocks = held_state(layout, c.classes, rank);
      std::size_t counted = 0;
      for (std::size_t state = 0; state < blocks.size(); ++state) {
        for (const StateBlock& block : blocks[state]) {
          const Labels more = labels_of(static_cast<int>(state), block);
          held.insert(more.begin(), more.end());
          counted += more.size();
        }
      }
      RC_ASSERT(held == expected[static_cast<std::size_t>(rank)]);
      RC_ASSERT(counted == held.size());
    }
  }));
}

TEST_CASE("the moves make the new layout, and send nothing that is there") {
  int moved_something = 0;
  int missed_something = 0;
  CHECK(rc::check([&] {
    const Case c = some_case();
    const std::vector<Labels> needed = all_held(c.to, c.classes);
    std::vector<Labels> before = all_held(c.from, c.classes);
    for (const int rank : c.options.lost) before[static_cast<std::size_t>(rank)].clear();
    std::map<Label, std::vector<int>> holders;
    for (int rank = 0; rank < static_cast<int>(before.size()); ++rank) {
      for (const Label& label : before[static_cast<std::size_t>(rank)]) holders[label].push_back(rank);
    }
    const auto process_of = [&](int rank) {
      return c.options.old_rank_of_rank.empty() ? rank
                                                : c.options.old_rank_of_rank[static_cast<std::size_t>(rank)];
    };
    const auto held_by = [&](int process) {
      return process < static_cast<int>(before.size()) ? before[static_cast<std::size_t>(process)] : Labels();
    };

    const Resharding result = reshard(layout_of(c.from), layout_of(c.to), c.classes, c.options);
    std::vector<Labels> received(needed.size());
    std::vector<std::int64_t> sent(before.size());
    std::map<int, std::int64_t> levels;
    StateBytes sum;
    for (const StateMove& move : result.moves) {
      const std::int64_t bytes = c.classes[move.state].step_bytes();
      const Labels labels = labels_of(static_cast<int>(move.state), move.block);
      RC_ASSERT(!labels.empty());
      for (const Label& label : labels) {
        RC_ASSERT(received[static_cast<std::size_t>(move.to)].insert(label).second);
        RC_ASSERT(held_by(process_of(move.to)).count(label) == 0);
        const std::vector<int>& who = holders[label];
        if (!move.from) {
          RC_ASSERT(who.empty());
          sum.from_checkpoint += bytes;
          continue;
        }
        RC_ASSERT(std::count(who.begin(), who.end(), *move.from) == 1);
        const int levels_of_move = separating_levels(c.options, *move.from, process_of(move.to));
        for (const int other : who)
          RC_ASSERT(separating_levels(c.options, other, process_of(move.to)) >= levels_of_move);
        sum.moved += bytes;
        sent[static_cast<std::size_t>(*move.from)] += bytes;
        if (c.options.places) levels[3 - levels_of_move] += bytes;
      }
    }
    for (int rank = 0; rank < static_cast<int>(needed.size()); ++rank) {
      const Labels& wanted = needed[static_cast<std::size_t>(rank)];
      const Labels own = held_by(process_of(rank));
      Labels has = received[static_cast<std::size_t>(rank)];
      for (const Label& label : own) {
        if (wanted.count(label) == 0) continue;
        has.insert(label);
        sum.kept += c.classes[static_cast<std::size_t>(std::get<0>(label))].step_bytes();
      }
      RC_ASSERT(has == wanted);
    }
    RC_ASSERT(result.total == sum);
    RC_ASSERT(result.sent == sent);
    for (std::size_t level = 0; level < result.of_level.size(); ++level)
      RC_ASSERT(result.of_level[level] == levels[static_cast<int>(level)]);
    StateBytes of_ranks;
    StateBytes of_classes;
    const auto add = [](StateBytes& to, const StateBytes& more) {
      to.moved += more.moved, to.kept += more.kept, to.from_checkpoint += more.from_checkpoint;
    };
    for (const StateBytes& bytes : result.of_rank) add(of_ranks, bytes);
    for (const StateBytes& bytes : result.of_class) add(of_classes, bytes);
    RC_ASSERT(of_ranks == sum);
    RC_ASSERT(of_classes == sum);
    moved_something += sum.moved > 0;
    missed_something += sum.from_checkpoint > 0;
  }));
  CHECK(moved_something > 0);
  CHECK(missed_something > 0);
}

TEST_CASE("a layout that stays moves nothing") {
  CHECK(rc::check([] {
    const Case c = some_case();
    const Resharding result = reshard(layout_of(c.from), layout_of(c.from), c.classes);
    RC_ASSERT(result.moves.empty());
    RC_ASSERT(result.total.moved + result.total.from_checkpoint == 0);
  }));
}

TEST_CASE("equally near holders send about the same") {
  CHECK(rc::check([] {
    Case c = some_case();
    // Only divided tensors, so that the lists of holders are the replicas of a part.
    std::erase_if(c.classes, [&](const StateClass& row) {
      return row.is_sharded || !row.is_split || row.experts > 0 || row.place != StatePlace::layers ||
             row.units < c.from.config.tensor;
    });
    c.options = {};
    const Resharding result = reshard(layout_of(c.from), layout_of(c.to), c.classes);
    const std::vector<Labels> before = all_held(c.from, c.classes);
    // The bytes that a receiver has from a sender, of one class, are the largest step of a sender.
    std::map<std::tuple<int, int, std::size_t>, std::int64_t> parts;
    std::int64_t largest = 0;
    for (const StateMove& move : result.moves) {
      std::int64_t& part = parts[{*move.from, move.to, move.state}];
      part += move.block.size() * c.classes[move.state].step_bytes();
      largest = std::max(largest, part);
    }
    std::map<Labels, std::vector<std::int64_t>> sent;
    for (std::size_t rank = 0; rank < before.size(); ++rank) sent[before[rank]].push_back(result.sent[rank]);
    for (const auto& [held, bytes] : sent) {
      const auto [least, most] = std::minmax_element(bytes.begin(), bytes.end());
      // A holder that receives a part itself does not send it.
      RC_ASSERT(*most - *least <= 2 * largest);
    }
  }));
}
