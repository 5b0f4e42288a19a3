#include "rankmesh/topology/modules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "common_options.hpp"
#include "json.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/options/layout_text.hpp"
#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::cli {
namespace {

std::int64_t last_rank(const ParallelConfig& module) {
  return module.rank_offset + module.world_size - 1;
}

void print_text(const std::vector<ParallelConfig>& modules, Writer& out) {
  for (std::size_t i = 0; i < modules.size(); ++i) {
    out.put(fmt::format("module {}: ranks {} .. {} ({})\n", i, modules[i].rank_offset, last_rank(modules[i]),
                        to_string(modules[i])));
  }
}

/// @param modules fill a job
void print_json(const std::vector<ParallelConfig>& modules, Writer& out) {
  std::int64_t job_size = 0;
  for (const ParallelConfig& module : modules) job_size = std::max(job_size, last_rank(module) + 1);
  out.put(fmt::format("{{\"job_size\": {},\n \"modules\": [", job_size));
  std::string_view separator = "\n";
  for (const ParallelConfig& module : modules) {
    out.put(fmt::format("{}  {{\"first_rank\": {}, \"last_rank\": {}, \"config\": {}}}", separator,
                        module.rank_offset, last_rank(module), config_json(module)));
    separator = ",\n";
  }
  out.put("\n ]}\n");
}

/// The layout of a module. The rules of one in words are applied with those of all modules.
ParallelConfig read_module(const std::string& what, const std::string& text, Problems& problems) {
  const auto layout = parse_layout_text(what, text, problems);
  if (!layout) return {};
  const bool is_words = layout->form == LayoutText::Form::words;
  if (!is_words || layout->dialect != dialects::Dialect::rankmesh) {
    return read_layout_text(what, *layout, std::nullopt, problems).value_or(ParallelConfig{});
  }
  const ConfigReading reading = read_config(layout->text);
  for (const Diagnostic& diagnostic : reading.diagnostics)
    problems.push_back(what + ": " + diagnostic.message());
  return reading.config;
}

class ModulesCommand : public RunnableCommand {
 public:
  ModulesCommand()
      : RunnableCommand({.name = "modules",
                         .summary = "Whether several layouts side by side fill a job",
                         .examples = {"rankmesh modules 'world=8 tp=2' 'world=4 convention=megatron-core "
                                      "rank-offset=8' --job-size 12"}}),
        layouts_(add({.name = "LAYOUT",
                      .description = "the layout of each module on one line, in quotes: 'world=8 "
                                     "convention=megatron-core tp=2 rank-offset=8'",
                      .details = "A text of another dialect may give rank_offset too.",
                      .heading = "Arguments",
                      .is_repeatable = true,
                      .is_required = true})),
        job_size_(add({.name = "--job-size",
                       .value_name = "N",
                       .description = "ranks of the job",
                       .default_value = "up to the end of the last module"})),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto job_size = number_of(job_size_, {.min = 1}, problems);
    const bool as_json = format_of(format_, problems) == Format::json;
    std::vector<ParallelConfig> modules;
    for (const std::string& text : values_of(layouts_, problems)) {
      modules.push_back(read_module(fmt::format("module {}", modules.size()), text, problems));
    }
    if (!problems.empty()) return {};
    for (const Diagnostic& diagnostic : check_modules(modules, job_size))
      problems.push_back(diagnostic.message());
    return {.run = [modules, as_json](Writer& out, Style) {
      as_json ? print_json(modules, out) : print_text(modules, out);
      return success;
    }};
  }

 private:
  const Option& layouts_;
  const Option& job_size_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_modules_command() {
  return std::make_unique<ModulesCommand>();
}

}  // namespace rankmesh::cli
