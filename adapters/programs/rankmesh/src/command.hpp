#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {

/// What a command does when its options have no problem.
struct Task {
  /// What the user should know besides.
  std::vector<std::string> warnings{};
  /// Prints; returns what the program ends with.
  std::function<int(Writer&, Style)> run{};
};

/// A command of the program, with its options.
class Command {
 public:
  Command(CLI::App& program, const std::string& name, const std::string& description);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  virtual ~Command() = default;

  /// What the options ask for. With problems, the task is not to be run.
  [[nodiscard]] virtual Task read(Problems& problems) const = 0;

  [[nodiscard]] std::string name() const;

 protected:
  [[nodiscard]] CLI::App& app() const noexcept { return app_; }

 private:
  CLI::App& app_;
};

/// Each adds a command to the program, which must outlive it.
[[nodiscard]] std::unique_ptr<Command> add_groups_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_rank_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_show_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_draw_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_mesh_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_translate_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_diff_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_modules_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_check_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_export_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_completion_command(CLI::App& program);
[[nodiscard]] std::unique_ptr<Command> add_pages_command(CLI::App& program);

/// A task that prints something of a topology, with what the user should know of that.
[[nodiscard]] Task task_on(const ParallelConfig& config, std::optional<int> gpus_per_node,
                           std::function<void(const Topology&, Writer&, Style)> print);

/// The options that several commands have.
[[nodiscard]] CLI::Option* add_format(CLI::App& app, std::string_view choices);
[[nodiscard]] CLI::Option* add_gpus_per_node(CLI::App& app);
[[nodiscard]] Format format_of(const CLI::Option& option, std::span<const std::string_view> choices,
                               Problems& problems);
[[nodiscard]] std::optional<int> gpus_per_node_of(const CLI::Option& option, Problems& problems);

}  // namespace rankmesh::cli
