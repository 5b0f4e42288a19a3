#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "rankmesh/topology/reshard.hpp"
#include "rankmesh/topology/text.hpp"
#include "state/state_map.hpp"

namespace rankmesh {
namespace {

/// Whether it is known which part of the weights each rank holds.
void check_roles(const ParallelConfig& config, const StateAxes& axes, Diagnostics& found) {
  if (config.weight_remat > 1)
    found.add("weight_remat", config.weight_remat, "divides weights in a way that is not known here; take 1");
  if (config.expert_weight_remat > 1) {
    found.add("expert_weight_remat", config.expert_weight_remat,
              "divides weights in a way that is not known here; take 1");
  }
  if (config.split_rank && config.pipeline > 1) {
    found.add("split_rank", *config.split_rank,
              "divides layers into encoder and decoder, which is not known here; leave it out");
  }
  if (config.convention != Convention::mesh) return;
  for (const std::string_view axis : axes.with(AxisRole::other)) {
    if (axes.size(axis) == 1) continue;
    found.add("axis", std::string(axis),
              "divides weights in a way that is not known here; axes that divide them in a known way are tp, "
              "pp, and of experts ep and etp");
  }
}

void check_layers(const StateLayout& layout, const StateAxes& axes, Diagnostics& found) {
  const int stages = axes.parts(AxisRole::stage);
  if (layout.layers.stages() == stages) return;
  found.add(
      "pipeline", stages,
      "differs from the " + counted(layout.layers.stages(), "stage") + " that the layers are divided over");
}

void check_sizes(const StateClass& row, const PipelineLayout& layers, Diagnostics& found) {
  const auto at_least = [&](const char* name, std::int64_t value, std::int64_t least) {
    if (value < least) found.add(row.name + name, value, "is below " + std::to_string(least));
  };
  at_least(" units", row.units, 1);
  at_least(" unit_elements", row.unit_elements, 1);
  at_least(" element_bytes", row.element_bytes, 1);
  at_least(" experts", row.experts, 0);
  at_least(" padded_to", row.padded_to, 0);
  const bool is_mtp = row.place == StatePlace::mtp;
  const std::int64_t count = is_mtp ? layers.mtp_layers() : layers.layers();
  if (!row.layers.empty() && !is_mtp && row.place != StatePlace::layers)
    found.add(row.name + " layers", "", "are those of a class that is not of layers; leave them out");
  std::int64_t next = 0;
  for (const IndexRange& range : row.layers) {
    const std::string text = std::to_string(range.first) + " .. " + std::to_string(range.end() - 1);
    if (range.first < next || range.count < 1)
      found.add(row.name + " layers", text, "are no ascending range behind the ranges before");
    if (range.end() > count)
      found.add(row.name + " layers", text, "are not all of the " + counted(count, "layer"));
    next = range.end();
  }
}

void check_division_of(const StateClass& row, const StateAxes& axes, Diagnostics& found) {
  const bool is_expert = row.experts > 0;
  const int experts = axes.parts(AxisRole::expert);
  const int tensor = axes.parts(AxisRole::tensor);
  if (is_expert && row.experts % experts != 0)
    found.add(row.name + " experts", row.experts, "is no multiple of " + Phrase::field("expert", experts));
  if (!row.is_split || row.padded_to > 0 || row.units < 1) return;
  if (row.units % tensor == 0 || tensor % row.units == 0) return;
  found.add(row.name + " units", row.units,
            "is no multiple of " + Phrase::field(is_expert ? "expert_tensor" : "tensor", tensor) +
                " and does not divide it");
}

/// Sums of bytes over all ranks stay in 64 bits.
void check_total(const StateLayout& layout, std::span<const StateClass> classes, Diagnostics& found) {
  double bytes = 0;
  for (const StateClass& row : classes) {
    const auto layers = static_cast<double>(std::max(layout.layers.layers(), layout.layers.mtp_layers()));
    bytes += (static_cast<double>(row.units) + static_cast<double>(row.padded_to) * 2) *
             static_cast<double>(row.unit_elements) * static_cast<double>(row.element_bytes) *
             static_cast<double>(std::max<std::int64_t>(row.experts, 1)) * layers;
  }
  constexpr double most = 4e18;
  if (bytes * layout.topology.world_size() <= most) return;
  found.add("classes", "", "make more bytes on all ranks together than 4 * 10^18");
}

std::vector<Diagnostic> prefixed(const char* prefix, std::vector<Diagnostic> diagnostics) {
  for (Diagnostic& diagnostic : diagnostics) diagnostic.field = prefix + diagnostic.field;
  return diagnostics;
}

void check_processes(const StateLayout& from, const StateLayout& to, const ReshardOptions& options,
                     Diagnostics& found) {
  const int old_world = from.topology.world_size();
  const int new_world = to.topology.world_size();
  int processes = std::max(old_world, new_world);
  const auto given = static_cast<std::int64_t>(options.old_rank_of_rank.size());
  if (given > 0 && given != new_world) {
    found.add("old_rank_of_rank", given,
              "entries are not one for each of the " + counted(new_world, "rank") + " of the new layout");
  }
  std::set<int> known;
  for (const int process : options.old_rank_of_rank) {
    if (process < 0) found.add("old_rank_of_rank", process, "is below 0");
    if (!known.insert(process).second) found.add("old_rank_of_rank", process, "is there more than once");
    processes = std::max(processes, process == INT32_MAX ? process : process + 1);
  }
  for (const int rank : options.lost) {
    if (rank < 0 || rank >= old_world)
      found.add("lost", rank, "is no rank of the old layout, which has " + counted(old_world, "rank"));
  }
  if (!options.places) return;
  const auto& [cluster, placement] = *options.places;
  if (placement.ranks() < processes) {
    found.add("placement", placement.ranks(), "ranks are fewer than the " + counted(processes, "process"));
    return;
  }
  for (int process = 0; process < placement.ranks(); ++process) {
    if (placement.slot_of(process) < cluster.slots()) continue;
    found.add("placement", placement.slot_of(process),
              "is a slot that the cluster does not have: it has " + counted(cluster.slots(), "slot"));
    return;
  }
}

}  // namespace

std::vector<Diagnostic> check_state(const StateLayout& layout, std::span<const StateClass> classes) {
  Diagnostics found;
  const StateAxes dense(layout.topology, false, layout.state, found);
  const StateAxes experts(layout.topology, true, layout.state, found);
  const auto is_of_experts = [](const StateClass& row) { return row.experts > 0; };
  const bool has_experts = std::any_of(classes.begin(), classes.end(), is_of_experts);
  check_roles(layout.topology.config(), dense, found);
  if (has_experts) check_roles(layout.topology.config(), experts, found);
  for (const StateAxes* axes : {&dense, &experts}) check_layers(layout, *axes, found);
  std::set<std::string> names;
  for (const StateClass& row : classes) {
    if (!names.insert(row.name).second) found.add("class", row.name, "is there more than once");
    check_sizes(row, layout.layers, found);
    check_division_of(row, is_of_experts(row) ? experts : dense, found);
  }
  if (found.empty()) check_total(layout, classes, found);
  return found.take();
}

std::vector<Diagnostic> check_reshard(const StateLayout& from, const StateLayout& to,
                                      std::span<const StateClass> classes, const ReshardOptions& options) {
  Diagnostics found;
  if (from.layers.layers() != to.layers.layers()) {
    found.add("to layers", to.layers.layers(),
              "differs from the " + counted(from.layers.layers(), "layer") + " of the old layout");
  }
  if (from.layers.mtp_layers() != to.layers.mtp_layers()) {
    found.add("to mtp_layers", to.layers.mtp_layers(),
              "differs from the " + counted(from.layers.mtp_layers(), "layer") + " of the old layout");
  }
  check_processes(from, to, options, found);
  std::vector<Diagnostic> all = prefixed("from ", check_state(from, classes));
  for (auto&& more : {prefixed("to ", check_state(to, classes)), found.take()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<std::vector<StateBlock>> held_state(const StateLayout& layout,
                                                std::span<const StateClass> classes, int rank) {
  if (auto found = check_state(layout, classes); !found.empty()) throw ConfigError(std::move(found));
  if (!layout.topology.contains(rank)) {
    throw RangeError("rank " + std::to_string(rank) + " is not in the layout, which has the ranks " +
                     std::to_string(layout.topology.first_rank()) + " .. " +
                     std::to_string(layout.topology.first_rank() + layout.topology.layout_size() - 1));
  }
  const StateMap map(layout, classes);
  std::vector<std::vector<StateBlock>> held(classes.size());
  for (std::size_t kind = 0; kind < StateMap::key_kinds; ++kind) {
    auto blocks = map.blocks(kind, map.key_of(kind, rank));
    for (std::size_t state = 0; state < classes.size(); ++state) {
      if (StateMap::key_kind(classes[state]) == kind) held[state] = std::move(blocks[state]);
    }
  }
  return held;
}

}  // namespace rankmesh
