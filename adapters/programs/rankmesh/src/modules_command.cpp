#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "command.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/modules.hpp"

namespace rankmesh::cli {
namespace {

class ModulesCommand : public Command {
 public:
  explicit ModulesCommand(CLI::App& program)
      : Command(program, "modules", "Whether several layouts side by side fill a job"),
        layouts_(add_values(app(),
                            {.name = "LAYOUT",
                             .description = "'world=8 convention=megatron-core tp=2 rank-offset=8'; one for\n"
                                            "each module",
                             .group = "Arguments"})),
        job_size_(add_value(app(), {.name = "--job-size",
                                    .value_name = "N",
                                    .description = "ranks of the job [up to the end of the last module]"})) {
    app().footer(
        "Examples\n"
        "  rankmesh modules 'world=8 tp=2' 'world=4 convention=megatron-core rank-offset=8' "
        "--job-size 12");
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto job_size = number_of(*job_size_, {.min = 1}, problems);
    std::vector<ParallelConfig> modules;
    for (const std::string& text : values_of(*layouts_, problems)) {
      const ConfigReading reading = read_config(text);
      for (const Diagnostic& diagnostic : reading.diagnostics) {
        problems.push_back(fmt::format("module {}: {}", modules.size(), diagnostic.message()));
      }
      modules.push_back(reading.config);
    }
    if (modules.empty()) problems.emplace_back("LAYOUT is missing: one for each module, each in quotes");
    if (!problems.empty()) return {};
    for (const Diagnostic& diagnostic : check_modules(modules, job_size))
      problems.push_back(diagnostic.message());
    return {.run = [modules](Writer& out, Style) {
      for (std::size_t i = 0; i < modules.size(); ++i) {
        out.put(fmt::format("module {}: ranks {} .. {} ({})\n", i, modules[i].rank_offset,
                            modules[i].rank_offset + modules[i].world_size - 1, to_string(modules[i])));
      }
      return success;
    }};
  }

 private:
  CLI::Option* layouts_;
  CLI::Option* job_size_;
};

}  // namespace

std::unique_ptr<Command> add_modules_command(CLI::App& program) {
  return std::make_unique<ModulesCommand>(program);
}

}  // namespace rankmesh::cli
