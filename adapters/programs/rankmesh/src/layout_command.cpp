#include "layout_command.hpp"

#include <algorithm>
#include <utility>

#include "rankmesh/options/suggestions.hpp"
#include "rankmesh/topology/kind_names.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// `data, sequence, ...`: the kinds of a topology.
std::string kinds_text(const Topology& topology) {
  std::vector<std::string_view> names;
  for (const KindFamily& kind : topology.kinds()) names.push_back(kind.kind.name());
  return joined(names, ", ");
}

/// The long and short names of the kinds of a topology.
std::vector<std::string> names_of_kinds(const Topology& topology) {
  std::vector<std::string> names;
  for (const KindFamily& kind : topology.kinds()) {
    names.emplace_back(kind.kind.name());
    if (kind.short_name != kind.kind) names.emplace_back(kind.short_name.name());
  }
  return names;
}

/// All kinds of the reference.
std::string reference_kinds_text() {
  return kinds_text(Topology({.world_size = 1, .fp8 = true}));
}

/// Whether a convention has a kind of this long or short name.
bool is_known_kind(const std::string& name) {
  if (!GroupKind::is_valid(name)) return false;
  const GroupKind kind(name);
  return short_name_of(kind) != kind || long_name_of(kind) != kind || kind == GroupKind::amax;
}

/// A valid layout of one rank, to learn the kinds of a convention from where a configuration is invalid.
ParallelConfig smallest_of(const ParallelConfig& config) {
  const bool has_layout = config.convention != Convention::mesh;
  return {.fp8 = config.fp8 && config.convention != Convention::megatron_core,
          .convention = has_layout ? config.convention : Convention::reference};
}

/// The problem with a kind that was asked for; nothing if the topology has it.
std::optional<std::string> problem_of_kind(const Topology& topology, const std::string& name) {
  if (GroupKind::is_valid(name) && topology.find(GroupKind(name)) != nullptr) return std::nullopt;
  const Convention convention = topology.config().convention;
  const bool of_reference = convention == Convention::reference || convention == Convention::extended;
  if (of_reference && name == "amax") return "--kind: there are no amax groups without FP8; add --fp8";
  const std::string known = of_reference ? reference_kinds_text() : kinds_text(topology);
  if (!is_known_kind(name)) {
    return "--kind: there is no kind \"" + name + "\"; the kinds are " + known +
           did_you_mean(name, names_of_kinds(topology));
  }
  return "--kind: this layout has no " + name + " groups; it has " + known;
}

/// The long and short names of all kinds.
std::vector<std::string> all_kind_names() {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  };
  const Topology of_reference({.world_size = 1, .fp8 = true});
  for (const KindFamily& kind : of_reference.kinds()) add(kind.kind.name());
  for (const KindNames& kind : kind_names()) {
    if (kind.is_numbered) continue;
    add(kind.name);
    add(kind.short_name);
  }
  return names;
}

}  // namespace

LayoutCommand::LayoutCommand(CommandSpec spec, std::string gpus_per_node, bool has_argument)
    : RunnableCommand(std::move(spec)),
      config_(*this),
      names_(add_names(*this)),
      gpus_per_node_(add_gpus_per_node(*this, std::move(gpus_per_node))) {
  if (has_argument) add_layout_argument();
}

void LayoutCommand::add_layout_argument() {
  config_.add_argument(*this);
  take_flags("LAYOUT", launch::is_layout_flag);
}

OptionReading LayoutCommand::read_config(Problems& problems) const {
  OptionReading reading = config_.read();
  problems.insert(problems.end(), reading.messages.begin(), reading.messages.end());
  return reading;
}

OptionReading LayoutCommand::read_open_config(Problems& problems) const {
  OptionReading reading = config_.read();
  const bool is_open = reading.launch && !reading.launch->config && reading.launch->diagnostics.empty();
  if (!is_open) problems.insert(problems.end(), reading.messages.begin(), reading.messages.end());
  return reading;
}

std::optional<int> LayoutCommand::read_gpus_per_node(Problems& problems) const {
  return gpus_per_node_of(gpus_per_node_, problems);
}

Names LayoutCommand::read_names(Problems& problems) const {
  return names_of(names_, problems);
}

KindsOption::KindsOption(Command& command, std::string default_value)
    : kinds_(command.add({.name = "--kind",
                          .value_name = "NAME",
                          .description = "only this kind, by its long or short name",
                          .details = "The kinds of the reference are " + reference_kinds_text() +
                                     "; docs/groups.md has those of Megatron-Core.",
                          .suggestions = all_kind_names(),
                          .default_value = std::move(default_value),
                          .is_repeatable = true})) {}

std::vector<GroupKind> KindsOption::read(const ConfigReading& reading, Problems& problems) const {
  const std::vector<std::string> names = values_of(kinds_, problems);
  std::vector<GroupKind> kinds;
  if (names.empty()) return kinds;
  const bool is_valid = reading.diagnostics.empty();
  const Topology topology(is_valid ? reading.config : smallest_of(reading.config));
  for (const std::string& name : names) {
    const Convention convention = reading.config.convention;
    // The kinds of a mesh are those of its layout alone.
    if (!is_valid && convention == Convention::mesh) continue;
    if (!is_valid && convention == Convention::megatron_core && is_known_kind(name)) continue;
    if (auto problem = problem_of_kind(topology, name)) {
      problems.push_back(std::move(*problem));
    } else if (is_valid) {
      kinds.push_back(topology.find_kind(GroupKind(name))->kind);
    }
  }
  return kinds;
}

}  // namespace rankmesh::cli
