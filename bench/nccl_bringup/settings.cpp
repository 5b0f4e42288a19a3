#include "settings.hpp"

#include <CLI/App.hpp>
#include <array>
#include <string_view>

#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::bench {
namespace {

constexpr int exit_bad_input = 2;

constexpr const char* description =
    "Brings up one NCCL communicator for every group of every kind by every strategy of the library and by "
    "the "
    "naive ways, proves each one right by communicating in it, and says what time, GPU memory and threads it "
    "took.\n\n"
    "Start it with as many processes as the layouts have ranks, with a GPU each. Where there are fewer GPUs, "
    "scripts/gpu-check sets up what NCCL needs to share them.\n"
    "  mpiexec -n 8 nccl_bringup_bench --layout \"tp=2 pp=2\" --layout \"tp=4 fp8\"\n\n"
    "Exit codes: 0 all proven, 1 something was not, 2 bad command line, 77 no GPU.";

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

Reading read_command_line(std::span<const std::string> args, int world_size) {
  constexpr std::array<std::string_view, 2> formats{"text", "json"};
  CLI::App app(description, "nccl_bringup_bench");
  const CLI::Option* layouts = cli::add_value(
      app,
      {.name = "--layout",
       .value_name = "TEXT",
       .description = "A layout, as tp=2 pp=4 fp8; may be repeated (a few that fit the number of ranks)"});
  const CLI::Option* repetitions = cli::add_value(
      app, {.name = "--repetitions", .value_name = "N", .description = "How often to bring up each way (5)"});
  const CLI::Option* format = cli::add_value(
      app,
      {.name = "--format", .value_name = "text|json", .description = "How rank 0 prints the result (text)"});
  const CLI::Option* markdown = cli::add_value(
      app,
      {.name = "--markdown", .value_name = "FILE", .description = "Also write the table there, as Markdown"});
  const CLI::Option* deadline = cli::add_value(
      app,
      {.name = "--deadline", .value_name = "SECONDS", .description = "How long one bring-up may take (120)"});
  const CLI::Option* versions = cli::add_switch(
      app,
      {.name = "--versions", .description = "Tell GPUs and versions, a key=value on each line, and end"});
  cli::set_help_style(app);
  const cli::Parsed parsed = cli::parse(app, args);
  if (parsed.answer) return {.exit_code = 0, .out = *parsed.answer};

  Reading result;
  cli::Problems problems = parsed.problems;
  for (const std::string& text : cli::values_of(*layouts, problems)) {
    const ConfigReading reading = read_layout(text, world_size);
    for (const Diagnostic& diagnostic : reading.diagnostics) {
      problems.push_back("--layout \"" + text + "\": " + diagnostic.message());
    }
    result.settings.layouts.push_back(reading.config);
  }
  if (result.settings.layouts.empty()) result.settings.layouts = default_layouts(world_size);
  if (const auto number = cli::number_of(*repetitions, {.min = 1, .max = 1000}, problems)) {
    result.settings.repetitions = static_cast<int>(*number);
  }
  if (const auto index = cli::choice_of(*format, formats, problems)) {
    result.settings.format = static_cast<Format>(*index);
  }
  result.settings.markdown_file = cli::value_of(*markdown, problems);
  if (const auto seconds = cli::number_of(*deadline, {.min = 1, .max = 86400}, problems)) {
    result.settings.deadline = std::chrono::seconds(*seconds);
  }
  result.settings.versions = cli::is_given(*versions, problems);
  if (problems.empty()) return result;
  result.exit_code = exit_bad_input;
  for (const std::string& problem : problems) result.err += "nccl_bringup_bench: " + problem + "\n";
  return result;
}

}  // namespace rankmesh::bench
