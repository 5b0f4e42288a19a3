#include "state_arguments.hpp"

#include <algorithm>
#include <utility>

namespace rankmesh::cli {
namespace {

std::vector<Choice> optimizer_choices(bool can_omit) {
  std::vector<Choice> choices{
      {"replicated", "each of the ranks with the same weights holds all of it"},
      {"distributed", "each of them holds a part; a lost part is in a checkpoint only"}};
  if (can_omit) choices.push_back({"none", "left out"});
  return choices;
}

}  // namespace

StateArguments::StateArguments(Command& command, bool can_omit, const std::string& heading)
    : optimizer_(command.add({.name = "--optimizer",
                              .description = "where the state of the optimizer is",
                              .details = "A layout says distributed by distributed-optimizer, or by several "
                                         "optimizer instances.",
                              .heading = heading,
                              .choices = optimizer_choices(can_omit),
                              .default_value = "as the layout says, else replicated"})),
      copy_axes_(command.add({.name = "--copy-axes",
                              .value_name = "AXES",
                              .description = "of your own meshes: all axes along which weights are repeated",
                              .heading = heading,
                              .default_value = "known by name: dp, cp and others"})) {}

StateArguments::Given StateArguments::read(Problems& problems) const {
  Given given;
  const auto choice = choice_of(optimizer_, problems);
  if (choice && *choice < 2) given.options.distributed_optimizer = *choice == 1;
  given.omits_optimizer = choice == std::size_t{2};
  given.options.copy_axes = list_of(copy_axes_, problems);
  return given;
}

StateOptions options_for(const Topology& topology, StateOptions options) {
  std::erase_if(options.copy_axes, [&](const std::string& axis) {
    const auto has_it = [&](const Mesh& mesh) { return mesh.find(axis).has_value(); };
    return topology.config().convention != Convention::mesh ||
           std::none_of(topology.meshes().begin(), topology.meshes().end(), has_it);
  });
  return options;
}

std::string optimizer_text(bool is_distributed) {
  if (is_distributed) return "optimizer: distributed, of the ranks with the same weights each holds a part";
  return "optimizer: replicated, each of the ranks with the same weights holds all of its state; if each "
         "holds a part, give --optimizer distributed";
}

}  // namespace rankmesh::cli
