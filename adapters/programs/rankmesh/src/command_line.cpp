#include "command_line.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "command.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/options/suggestions.hpp"

namespace rankmesh::cli {
namespace {

/// The program with all its options.
struct Program {
  CLI::App app{"Plans the parallel groups of a distributed training job", "rankmesh"};
  std::vector<std::unique_ptr<Command>> commands{};

  Program() {
    for (auto* add : {add_groups_command, add_rank_command, add_show_command, add_draw_command,
                      add_mesh_command, add_translate_command, add_diff_command, add_modules_command,
                      add_check_command, add_export_command, add_completion_command, add_pages_command}) {
      commands.push_back(add(app));
    }
    app.set_version_flag("--version", "rankmesh " RANKMESH_VERSION, "print the version and exit");
    app.get_option("--version")->group("Options");
    app.require_subcommand(0, 1);
    app.footer(
        "Examples\n"
        "  rankmesh show --world-size 16 --tp 2 --pp 4\n"
        "  rankmesh groups --help\n"
        "\n"
        "Exit status: 0 all well, 2 bad input (all of it reported, nothing printed), 3 layouts that differ\n"
        "(diff), 1 anything else.");
    set_help_style(app);
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const CLI::App* command : visible_commands(app)) result.push_back(command->get_name());
    return result;
  }

  /// What is wrong with a command line that names no command.
  [[nodiscard]] Problems without_command() const {
    std::string choices;
    const std::vector<std::string> known = names();
    for (const std::string& name : known) {
      choices += (choices.empty() ? "" : name == known.back() ? " or " : ", ") + name;
    }
    bool is_value = false;
    for (const std::string& word : app.remaining()) {
      const bool is_option = word.starts_with('-');
      if (!is_option && !is_value) {
        return {"there is no command \"" + word + "\": " + choices + did_you_mean(word, known)};
      }
      is_value = is_option;
    }
    return {"a command is missing: " + choices};
  }

  [[nodiscard]] Task read(const std::string& name, Problems& problems) const {
    const auto command =
        std::find_if(commands.begin(), commands.end(), [&](const auto& c) { return c->name() == name; });
    return (*command)->read(problems);
  }
};

}  // namespace

CommandLine::CommandLine(std::span<const std::string> args) {
  Program program;
  Parsed parsed = parse(program.app, args);
  problems_ = std::move(parsed.problems);
  if (parsed.answer) {
    run_ = [text = std::move(*parsed.answer)](Writer& out, Style) {
      out.put(text);
      return success;
    };
    return;
  }
  const auto commands = program.app.get_subcommands();
  if (commands.empty()) {
    problems_ = program.without_command();
    return;
  }
  command_ = commands.front()->get_name();
  Task task = program.read(command_, problems_);
  warnings_ = std::move(task.warnings);
  run_ = std::move(task.run);
}

std::string CommandLine::help_command() const {
  return command_.empty() ? "rankmesh --help" : "rankmesh " + command_ + " --help";
}

}  // namespace rankmesh::cli
