#include "layout_command.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <utility>

#include "rankmesh/topology/kind_names.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::array<std::string_view, 2> name_choices{"long", "short"};

/// `data, sequence, ...`: the kinds of a topology.
std::string kinds_text(const Topology& topology, Names names) {
  std::string text;
  for (const KindFamily& kind : topology.kinds()) {
    text.append(text.empty() ? "" : ", ").append(name_of(kind, names));
  }
  return text;
}

/// The kinds of the reference, all of them.
std::string reference_kinds_text() {
  return kinds_text(Topology({.world_size = 1, .fp8 = true}), Names::of_rankmesh);
}

/// Whether some layout of a convention has a kind, by either name.
bool is_known_kind(const std::string& name) {
  if (!GroupKind::is_valid(name)) return false;
  const GroupKind kind(name);
  return short_name_of(kind) != kind || long_name_of(kind) != kind || kind == GroupKind::amax;
}

/// The layout of one rank, which has the names of a convention where a configuration itself has no layout.
ParallelConfig smallest_of(const ParallelConfig& config) {
  const bool has_layout = config.convention != Convention::mesh;
  return {.fp8 = config.fp8 && config.convention != Convention::megatron_core,
          .convention = has_layout ? config.convention : Convention::reference};
}

/// What is wrong with a kind that was asked for; nothing if the topology has it.
std::optional<std::string> problem_of_kind(const Topology& topology, const std::string& name) {
  if (GroupKind::is_valid(name) && topology.find(GroupKind(name)) != nullptr) return std::nullopt;
  const Convention convention = topology.config().convention;
  const bool of_reference = convention == Convention::reference || convention == Convention::extended;
  if (of_reference && name == "amax") return "--kind: there are no amax groups without FP8; add --fp8";
  const std::string known = of_reference ? reference_kinds_text() : kinds_text(topology, Names::of_rankmesh);
  if (!is_known_kind(name)) return "--kind: there is no kind \"" + name + "\"; the kinds are " + known;
  return "--kind: this layout has no " + name + " groups; it has " + known;
}

/// Breaks a list behind the comma that comes last before a width.
std::string broken_after(std::string text, std::size_t width) {
  if (text.size() > width) text[text.rfind(' ', width)] = '\n';
  return text;
}

/// Every name that some kind has.
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

LayoutCommand::LayoutCommand(CLI::App& program, const std::string& name, const std::string& description)
    : Command(program, name, description),
      config_(app()),
      names_(add_value(app(),
                       {.name = "--names",
                        .value_name = "long|short",
                        .description = "print the names of kinds as here, or as in Megatron-Core [long]"})),
      gpus_per_node_(add_gpus_per_node(app())) {}

ConfigReading LayoutCommand::read_config(Problems& problems) const {
  OptionReading reading = config_.read();
  problems.insert(problems.end(), reading.messages.begin(), reading.messages.end());
  return {std::move(reading.config), std::move(reading.diagnostics)};
}

std::optional<int> LayoutCommand::read_gpus_per_node(Problems& problems) const {
  return gpus_per_node_of(*gpus_per_node_, problems);
}

Names LayoutCommand::read_names(Problems& problems) const {
  return static_cast<Names>(choice_of(*names_, name_choices, problems).value_or(0));
}

KindsOption::KindsOption(CLI::App& app, std::string_view otherwise)
    : kinds_(add_value(
          app, {.name = "--kind",
                .value_name = "NAME",
                .description = "only this kind, by either name; may be repeated" + std::string(otherwise) +
                               ". They are\n" + broken_after(reference_kinds_text(), 60) +
                               ";\nthose of Megatron-Core are in docs/groups.md",
                .choices = all_kind_names()})) {}

std::vector<GroupKind> KindsOption::read(const ConfigReading& reading, Problems& problems) const {
  const std::vector<std::string> names = values_of(*kinds_, problems);
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
