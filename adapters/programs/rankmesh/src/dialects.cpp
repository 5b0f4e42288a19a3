#include "dialects.hpp"

namespace rankmesh::cli {

std::vector<Choice> dialect_choices() {
  std::vector<Choice> choices;
  for (const dialects::Dialect dialect : dialects::all()) choices.emplace_back(name_of(dialect));
  return choices;
}

Option& add_world_size(Command& command) {
  return command.add({.name = "--world-size",
                      .value_name = "N",
                      .description = "ranks of the layout, where the text does not have all sizes"});
}

}  // namespace rankmesh::cli
