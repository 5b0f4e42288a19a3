#include "command_line.hpp"

#include <memory>

#include "rankmesh/cli/run.hpp"

namespace rankmesh::cli {

CommandLine::CommandLine(std::span<const std::string> args) {
  const std::vector<std::unique_ptr<RunnableCommand>> commands = all_commands();
  Program program({.name = "rankmesh",
                   .summary = "Plans the parallel groups of a distributed training job",
                   .description = "Tables are as wide as the terminal, or where the output is none, as the "
                                  "variable COLUMNS says, or else 100 characters.",
                   .examples = {"rankmesh show --world-size 16 --tp 2 --pp 4", "rankmesh groups --help"},
                   .exit_status = "0 for success, 2 for bad input (every mistake is reported and nothing is "
                                  "printed), 3 if layouts differ (diff), 1 for any other error."},
                  RANKMESH_VERSION);
  for (const auto& command : commands) program.add_command(*command);

  Parsed parsed = parse(program, args);
  command_ = parsed.command == nullptr ? program.name() : parsed.command->full_name();
  problems_ = std::move(parsed.problems);
  if (parsed.answer) {
    task_.run = [text = std::move(*parsed.answer)](Writer& out, Style) {
      out.put(text);
      return success;
    };
    return;
  }
  for (const auto& command : commands) {
    if (command.get() == parsed.command) task_ = command->read(problems_);
  }
}

}  // namespace rankmesh::cli
