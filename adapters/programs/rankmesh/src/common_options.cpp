#include "common_options.hpp"

#include "host_list.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {

Option& add_format(Command& command, std::vector<Choice> choices, std::string description) {
  std::string first = choices.front().name;
  return command.add({.name = "--format",
                      .value_name = "FORMAT",
                      .description = std::move(description),
                      .choices = std::move(choices),
                      .default_value = std::move(first)});
}

Format format_of(const Option& format, Problems& problems) {
  return static_cast<Format>(choice_of(format, problems).value_or(0));
}

Option& add_gpus_per_node(Command& command, std::string description) {
  return command.add({.name = "--gpus-per-node", .value_name = "N", .description = std::move(description)});
}

std::optional<int> gpus_per_node_of(const Option& gpus_per_node, Problems& problems) {
  const auto number = number_of(gpus_per_node, {.min = 1, .max = max_gpus_per_node}, problems);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

Option& add_names(Command& command) {
  return command.add({.name = "--names",
                      .description = "print the long names of kinds, or Megatron-Core's short ones",
                      .choices = {"long", "short"},
                      .default_value = "long"});
}

Names names_of(const Option& names, Problems& problems) {
  return static_cast<Names>(choice_of(names, problems).value_or(0));
}

Option& add_all(Command& command, std::string description) {
  return command.add({.name = "--all", .description = std::move(description)});
}

std::optional<GroupKind> kind_named(const std::string& option, const std::string& name,
                                    const Topology& topology, Problems& problems) {
  if (GroupKind::is_valid(name) && topology.find_kind(GroupKind(name)) != nullptr) return GroupKind(name);
  const auto name_of_kind = [](const KindFamily& kind) { return kind.kind.name(); };
  problems.push_back(option + ": " + files::in_quotes(name) + " is no kind of this layout, which has " +
                     joined(topology.kinds(), ", ", name_of_kind));
  return std::nullopt;
}

}  // namespace rankmesh::cli
