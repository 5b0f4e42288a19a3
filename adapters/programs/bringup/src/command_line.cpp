#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <sstream>
#include <vector>

#include "backend.hpp"
#include "exit_code.hpp"
#include "options_file.hpp"
#include "rankmesh/options/config_options.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/options/pages.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh::bringup {
namespace {

constexpr std::array<std::string_view, 2> formats{"text", "json"};
constexpr std::array<std::string_view, 2> backends{"mpi", "nccl"};

/// The options that make sense with NCCL only.
class NcclOptions {
 public:
  explicit NcclOptions(CLI::App& app)
      : strategy_(cli::add_value(app, {.name = "--strategy",
                                       .value_name = "NAME",
                                       .description = "how ranks come to a communicator [unique_id]:\n"
                                                      "unique_id   IDs, handed out in one exchange\n"
                                                      "mpi_split   IDs, broadcast in an MPI_Comm per group\n"
                                                      "nccl_split  one communicator that is split",
                                       .group = group,
                                       .choices = {strategies.begin(), strategies.end()}})),
        blocking_(cli::add_switch(app, {.name = "--blocking",
                                        .description = "one communicator after another, in calls that block",
                                        .group = group})),
        ranks_per_identifier_(
            cli::add_value(app, {.name = "--ranks-per-identifier",
                                 .value_name = "N",
                                 .description = "another unique ID for each N ranks of a group [128]",
                                 .group = group})),
        file_(cli::add_value(app, {.name = "--nccl-options",
                                   .value_name = "FILE",
                                   .description = "options of the communicators of each kind, in YAML",
                                   .group = group})),
        shared_device_(cli::add_switch(app, {.name = "--allow-shared-device",
                                             .description = "several ranks may use one GPU",
                                             .group = group})) {}

  void read(Backend backend, const Topology& topology, nccl::Options& options,
            cli::Problems& problems) const {
    if (backend != Backend::nccl) {
      for (const CLI::Option* option : {strategy_, blocking_, ranks_per_identifier_, file_, shared_device_}) {
        if (option->count() > 0) problems.push_back(option->get_name() + " needs --backend nccl");
      }
      return;
    }
    if (!has_nccl()) problems.emplace_back(how_to_get_nccl);
    if (const auto strategy = cli::choice_of(*strategy_, strategies, problems)) {
      options.strategy = static_cast<nccl::Strategy>(*strategy);
    }
    options.blocking = cli::is_given(*blocking_, problems);
    options.allow_shared_device = cli::is_given(*shared_device_, problems);
    if (const auto ranks = cli::number_of(*ranks_per_identifier_, {.min = 1, .max = INT32_MAX}, problems)) {
      options.ranks_per_identifier = static_cast<int>(*ranks);
    }
    if (const auto path = cli::value_of(*file_, problems)) {
      try {
        options.kinds = read_options_file(*path, topology);
      } catch (const Error& error) {
        // One problem in each line.
        std::istringstream lines(error.what());
        for (std::string line; std::getline(lines, line);) problems.push_back("--nccl-options " + line);
      }
    }
  }

 private:
  static constexpr const char* group = "With --backend nccl";
  static constexpr const char* how_to_get_nccl =
      "--backend nccl: this program was built without NCCL; build it with cmake -DRANKMESH_NCCL=ON, with "
      "NCCL_ROOT and CUDAToolkit_ROOT set where they are not found";

  CLI::Option* strategy_;
  CLI::Option* blocking_;
  CLI::Option* ranks_per_identifier_;
  CLI::Option* file_;
  CLI::Option* shared_device_;
};

/// The convention of a configuration that has a layout by default.
Convention usable_convention(const ParallelConfig& config) {
  return config.convention == Convention::mesh ? Convention::reference : config.convention;
}

/// The program's options.
struct Program {
  CLI::App app{
      "Brings up one communicator for every group of every kind, proves each one right by communicating in "
      "it, and prints what was made.\n\nStart it with as many processes as the layout has ranks:\n  mpiexec "
      "-n 16 rankmesh-bringup --tp 2 --pp 4 --fp8",
      "rankmesh-bringup"};
  cli::ConfigOptions config_options{app, "ranks of the MPI job"};
  CLI::Option* backend = cli::add_value(
      app,
      {.name = "--backend", .value_name = "mpi|nccl", .description = "what makes the communicators [mpi]"});
  CLI::Option* deadline =
      cli::add_value(app, {.name = "--deadline",
                           .value_name = "SECONDS",
                           .description = "how long to wait for ranks before naming those missing [300]"});
  CLI::Option* progress = cli::add_switch(
      app, {.name = "--progress", .description = "a line on stderr for each part that is done"});
  CLI::Option* format = cli::add_value(
      app, {.name = "--format", .value_name = "text|json", .description = "how rank 0 prints [text]"});
  NcclOptions nccl_options{app};

  Program() { cli::set_help_style(app); }
};

}  // namespace

void write_pages(std::string_view version, const std::filesystem::path& folder) {
  Program program;
  cli::write_pages(program.app, version, folder);
}

Reading read_command_line(std::span<const std::string> args, int world_size) {
  Program program;
  const cli::Parsed parsed = cli::parse(program.app, args);
  Reading result;
  if (parsed.answer) {
    result.exit_code = exit_fine;
    result.out = *parsed.answer;
    return result;
  }
  Settings& settings = result.settings;
  cli::Problems problems = parsed.problems;
  const cli::OptionReading config = program.config_options.read(world_size);
  problems.insert(problems.end(), config.messages.begin(), config.messages.end());
  settings.config = config.config;
  // Processes besides the layout are ranks of the job in no group.
  const bool has_place = settings.config.convention == Convention::megatron_core;
  const bool fits = settings.config.world_size <= world_size - settings.config.rank_offset;
  if (has_place && config.diagnostics.empty() && !settings.config.job_size && fits) {
    settings.config.job_size = world_size;
  }
  settings.as_json = cli::choice_of(*program.format, formats, problems) == std::size_t{1};
  settings.shows_progress = cli::is_given(*program.progress, problems);
  if (const auto seconds = cli::number_of(*program.deadline, {.min = 1, .max = 86400}, problems)) {
    settings.deadline = std::chrono::seconds(*seconds);
  }
  const auto chosen = cli::choice_of(*program.backend, backends, problems);
  if (chosen) settings.backend = static_cast<Backend>(*chosen);
  // Where the backend cannot be read, nobody knows which options it has.
  if (chosen || program.backend->count() == 0) {
    // A layout that cannot be has no kinds; the smallest of its convention knows their names.
    const Topology topology(config.diagnostics.empty()
                                ? settings.config
                                : ParallelConfig{.convention = usable_convention(settings.config)});
    program.nccl_options.read(settings.backend, topology, settings.nccl, problems);
  }
  if (problems.empty()) return result;
  result.exit_code = exit_bad_input;
  for (const std::string& problem : problems) result.err += "rankmesh-bringup: " + problem + "\n";
  return result;
}

}  // namespace rankmesh::bringup
