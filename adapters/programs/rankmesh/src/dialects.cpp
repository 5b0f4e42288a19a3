#include "dialects.hpp"

#include "rankmesh/topology/error.hpp"

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

std::optional<ParallelConfig> layout_of(const std::string& what, dialects::Dialect dialect,
                                        const std::string& text, std::optional<std::int64_t> world_size,
                                        Problems& problems) {
  try {
    return dialects::read(dialect, text, world_size);
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics())
      problems.push_back(what + ": " + diagnostic.message());
  }
  return std::nullopt;
}

}  // namespace rankmesh::cli
