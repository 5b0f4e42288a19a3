#include "command.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "host_list.hpp"
#include "rankmesh/cli/run.hpp"

namespace rankmesh::cli {
namespace {

/// `text`, `json` and `csv` of "text, json or csv".
std::vector<std::string> words_of(std::string_view choices) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : std::string(choices) + " ") {
    if (c != ' ' && c != ',') {
      word += c;
    } else if (!word.empty()) {
      if (word != "or") words.push_back(word);
      word.clear();
    }
  }
  return words;
}

}  // namespace

Command::Command(CLI::App& program, const std::string& name, const std::string& description)
    : app_(*program.add_subcommand(name, description)) {}

std::string Command::name() const {
  return app_.get_name();
}

Task task_on(const ParallelConfig& config, std::optional<int> gpus_per_node,
             std::function<void(const Topology&, Writer&, Style)> print) {
  const Topology topology(config);
  Task task{.warnings = warnings(topology)};
  if (gpus_per_node) {
    const std::vector<std::string> placement = placement_warnings(topology, *gpus_per_node);
    task.warnings.insert(task.warnings.end(), placement.begin(), placement.end());
  }
  task.run = [topology, print = std::move(print)](Writer& out, Style style) {
    print(topology, out, style);
    return success;
  };
  return task;
}

CLI::Option* add_format(CLI::App& app, std::string_view choices) {
  return add_value(app, {.name = "--format",
                         .value_name = "FORMAT",
                         .description = std::string(choices) + " [text]",
                         .choices = words_of(choices)});
}

CLI::Option* add_gpus_per_node(CLI::App& app) {
  return add_value(app, {.name = "--gpus-per-node",
                         .value_name = "N",
                         .description = "also say on which nodes ranks and groups lie"});
}

Format format_of(const CLI::Option& option, std::span<const std::string_view> choices, Problems& problems) {
  return static_cast<Format>(choice_of(option, choices, problems).value_or(0));
}

std::optional<int> gpus_per_node_of(const CLI::Option& option, Problems& problems) {
  const auto number = number_of(option, {.min = 1, .max = max_gpus_per_node}, problems);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

}  // namespace rankmesh::cli
