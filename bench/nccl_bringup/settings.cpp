#include "settings.hpp"

#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::bench {
namespace {

constexpr int exit_bad_input = 2;

ConfigReading read_layout(const std::string& text, int world_size) {
  ConfigReading reading = read_config("world=" + std::to_string(world_size) + " " + text);
  if (reading.diagnostics.empty()) reading.diagnostics = check(reading.config);
  return reading;
}

}  // namespace

std::vector<ParallelConfig> default_layouts(int world_size) {
  std::vector<ParallelConfig> layouts;
  for (const char* text : {"tp=2 fp8", "pp=2", "tp=2 pp=2 fp8", "tp=2 pp=4 fp8", "sp=2"}) {
    const ConfigReading reading = read_layout(text, world_size);
    if (reading.diagnostics.empty()) layouts.push_back(reading.config);
  }
  if (layouts.empty()) layouts.push_back({.world_size = world_size});
  return layouts;
}

CommandLine read_command_line(std::span<const std::string> args, int world_size) {
  cli::Program program(
      {.name = "nccl_bringup_bench",
       .summary = "Compares strategies to bring up one NCCL communicator for every group of every kind",
       .description =
           "The strategies are those of the library and the naive ones. Each communicator is proven right "
           "by communicating in it. The result has the time, GPU memory and threads of each strategy.\n\n"
           "Start it with as many processes as the layouts have ranks, with a GPU each. Where there are "
           "fewer GPUs, scripts/gpu-check sets up what NCCL needs to share them.",
       .examples = {"mpiexec -n 8 nccl_bringup_bench --layout 'tp=2 pp=2' --layout 'tp=4 fp8'"},
       .exit_status =
           "0 if every communicator was proven right, 1 if one was not, 2 for a bad command line, 77 "
           "without a GPU."});
  const cli::Option& layouts = program.add({.name = "--layout",
                                            .value_name = "TEXT",
                                            .description = "a layout: 'tp=2 pp=4 fp8'",
                                            .default_value = "a few that fit the number of ranks",
                                            .is_repeatable = true});
  const cli::Option& repetitions = program.add({.name = "--repetitions",
                                                .value_name = "N",
                                                .description = "how often to bring up by each strategy",
                                                .default_value = "5"});
  const cli::Option& format = program.add({.name = "--format",
                                           .description = "how rank 0 prints the result",
                                           .choices = {"text", "json"},
                                           .default_value = "text"});
  const cli::Option& markdown = program.add({.name = "--markdown",
                                             .value_name = "FILE",
                                             .description = "also write the table to a file, as Markdown",
                                             .takes_file = true});
  const cli::Option& deadline = program.add({.name = "--deadline",
                                             .value_name = "SECONDS",
                                             .description = "the time that one bring-up may take",
                                             .default_value = "120"});
  const cli::Option& versions = program.add(
      {.name = "--versions", .description = "print GPUs and versions, a key=value on each line, and exit"});
  const cli::Parsed parsed = cli::parse(program, args);
  if (parsed.answer) return {.exit_code = 0, .out = *parsed.answer};

  CommandLine result;
  cli::Problems problems = parsed.problems;
  for (const std::string& text : cli::values_of(layouts, problems)) {
    const ConfigReading reading = read_layout(text, world_size);
    for (const Diagnostic& diagnostic : reading.diagnostics) {
      problems.push_back("--layout \"" + text + "\": " + diagnostic.message());
    }
    result.settings.layouts.push_back(reading.config);
  }
  if (result.settings.layouts.empty()) result.settings.layouts = default_layouts(world_size);
  if (const auto number = cli::number_of(repetitions, {.min = 1, .max = 1000}, problems)) {
    result.settings.repetitions = static_cast<int>(*number);
  }
  if (const auto index = cli::choice_of(format, problems)) {
    result.settings.format = static_cast<Format>(*index);
  }
  result.settings.markdown_file = cli::value_of(markdown, problems);
  if (const auto seconds = cli::number_of(deadline, {.min = 1, .max = 86400}, problems)) {
    result.settings.deadline = std::chrono::seconds(*seconds);
  }
  result.settings.versions = cli::is_given(versions, problems);
  if (problems.empty()) return result;
  result.exit_code = exit_bad_input;
  for (const std::string& problem : problems) result.err += "nccl_bringup_bench: " + problem + "\n";
  return result;
}

}  // namespace rankmesh::bench
