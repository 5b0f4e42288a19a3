#include "command_line.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>
#include <system_error>
#include <vector>

#include "backend.hpp"
#include "exit_code.hpp"
#include "options_file.hpp"
#include "rankmesh/options/config_options.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/options/pages.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::bringup {
namespace {

/// The options that need --backend nccl.
class NcclOptions {
 public:
  explicit NcclOptions(cli::Command& command)
      : strategy_(
            command.add({.name = "--strategy",
                         .value_name = "NAME",
                         .description = "how communicators are created",
                         .heading = heading,
                         .choices = {{strategies[0], "unique IDs, sent to all groups in one exchange"},
                                     {strategies[1], "unique IDs, broadcast in an MPI_Comm of each group"},
                                     {strategies[2], "one communicator that is split"}},
                         .default_value = std::string(strategies[0])})),
        blocking_(command.add({.name = "--blocking",
                               .description = "create one communicator after another, with blocking calls",
                               .heading = heading})),
        ranks_per_identifier_(command.add({.name = "--ranks-per-identifier",
                                           .value_name = "N",
                                           .description = "one unique ID for each N ranks of a group",
                                           .heading = heading,
                                           .default_value = "128"})),
        file_(command.add({.name = "--nccl-options",
                           .value_name = "FILE",
                           .description = "a YAML file with NCCL options for the kinds",
                           .heading = heading,
                           .takes_file = true})),
        shared_device_(command.add({.name = "--allow-shared-device",
                                    .description = "let several ranks use one GPU",
                                    .heading = heading})) {}

  void read(Backend backend, const Topology& topology, nccl::Options& options,
            cli::Problems& problems) const {
    if (backend != Backend::nccl) {
      for (const cli::Option* option :
           {&strategy_, &blocking_, &ranks_per_identifier_, &file_, &shared_device_}) {
        if (option->count() > 0) problems.push_back(option->name() + " needs --backend nccl");
      }
      return;
    }
    if (!has_nccl()) problems.emplace_back(how_to_get_nccl);
    if (const auto strategy = cli::choice_of(strategy_, problems)) {
      options.strategy = static_cast<nccl::Strategy>(*strategy);
    }
    options.blocking = cli::is_given(blocking_, problems);
    options.allow_shared_device = cli::is_given(shared_device_, problems);
    if (const auto ranks = cli::number_of(ranks_per_identifier_, {.min = 1, .max = INT32_MAX}, problems)) {
      options.ranks_per_identifier = static_cast<int>(*ranks);
    }
    if (const auto path = cli::value_of(file_, problems)) {
      try {
        options.kinds = read_options_file(*path, topology);
      } catch (const Error& error) {
        // The message has one problem on each line.
        std::istringstream lines(error.what());
        for (std::string line; std::getline(lines, line);) problems.push_back("--nccl-options " + line);
      }
    }
  }

 private:
  static constexpr const char* heading = "With --backend nccl";
  static constexpr const char* how_to_get_nccl =
      "--backend nccl: this program was built without NCCL; build it with cmake -DRANKMESH_NCCL=ON, and set "
      "NCCL_ROOT and CUDAToolkit_ROOT if CMake does not find them";

  const cli::Option& strategy_;
  const cli::Option& blocking_;
  const cli::Option& ranks_per_identifier_;
  const cli::Option& file_;
  const cli::Option& shared_device_;
};

/// The convention of a configuration; the reference for `mesh`, which has no default layout.
Convention convention_with_default_layout(const ParallelConfig& config) {
  return config.convention == Convention::mesh ? Convention::reference : config.convention;
}

/// The program's options.
struct Program {
  cli::Program program{
      {.name = "rankmesh-bringup",
       .summary = "Creates the communicators of every group of every kind, proves by communication that each "
                  "contains the right ranks in the right order, and prints a report.",
       .description = "Start it with as many processes as the layout has ranks.",
       .examples = {"mpiexec -n 16 rankmesh-bringup --tp 2 --pp 4 --fp8"}}};
  cli::ConfigOptions config_options{program, "ranks of the MPI job"};
  // In the order of Backend.
  const cli::Option& backend = program.add({.name = "--backend",
                                            .description = "the library that creates the communicators",
                                            .choices = {"mpi", "nccl"},
                                            .default_value = "mpi"});
  const cli::Option& deadline = program.add(
      {.name = "--deadline",
       .value_name = "SECONDS",
       .description = "how long to wait for all ranks before naming the missing ones; the same on all",
       .default_value = "300"});
  const cli::Option& place =
      program.add({.name = "--place",
                   .description = "number the ranks so that groups cross as few hosts as possible",
                   .details = "See docs/clusters.md. Ranks keep their numbers if nothing is gained."});
  const cli::Option& hosts =
      program.add({.name = "--hosts",
                   .value_name = "NAME,...",
                   .description = "play a job on several hosts: the host of each rank",
                   .details = "Processes count as running on the hosts that are named, for tests on one "
                              "machine. Without the option, the variable RANKMESH_HOSTS says the same.",
                   .default_value = "the hosts that are found"});
  const cli::Option& kill_rank =
      program.add({.name = "--kill-rank",
                   .value_name = "N,...",
                   .description = "let processes die, one after another, and go on without them",
                   .details = "After each death the others rebuild and prove their communicators, see "
                              "docs/recovery.md; the report is a table of the generations. mpiexec must let "
                              "the others run on: --enable-recovery with Open MPI 4."});
  const cli::Option& spares =
      program.add({.name = "--spares",
                   .value_name = "N",
                   .description = "with --kill-rank: so many processes are spares, the last ones",
                   .default_value = "0"});
  const cli::Option& progress = program.add(
      {.name = "--progress", .description = "print a line to stderr after each part of the bring-up"});
  const cli::Option& format = program.add({.name = "--format",
                                           .description = "the format of the report on rank 0",
                                           .choices = {"text", "json"},
                                           .default_value = "text"});
  NcclOptions nccl_options{program};
};

/// The host that --hosts, or the variable of the environment, names for a rank.
std::optional<HostIdentity> played_host(const cli::Option& option, int rank, int world_size,
                                        cli::Problems& problems) {
  std::string given = option.name();
  std::optional<std::string> text = cli::value_of(option, problems);
  if (option.count() == 0) {
    // getenv is safe since nothing sets a variable.
    const char* const variable = std::getenv("RANKMESH_HOSTS");  // NOLINT(concurrency-mt-unsafe)
    if (variable == nullptr) return std::nullopt;
    given = "RANKMESH_HOSTS";
    text = variable;
  }
  if (!text) return std::nullopt;
  const std::vector<std::string_view> names = split_text(*text, ',');
  if (names.size() != static_cast<std::size_t>(world_size)) {
    problems.push_back(given + " names the hosts of " + counted(names.size(), "rank") + ", but the job has " +
                       std::to_string(world_size));
    return std::nullopt;
  }
  const std::string name(names[static_cast<std::size_t>(rank)]);
  if (name.empty()) {
    problems.push_back(given + " has an empty name");
    return std::nullopt;
  }
  return HostIdentity{.name = name, .boot = "played " + name};
}

/// Reads --kill-rank and --spares.
/// @return the spares
int read_deaths(const Program& program, int processes, Settings& settings, cli::Problems& problems) {
  const auto spares = cli::number_of(program.spares, {.min = 0, .max = processes - 1}, problems);
  if (program.kill_rank.count() == 0) {
    if (program.spares.count() > 0) problems.push_back("--spares needs --kill-rank");
    return 0;
  }
  const std::string text = cli::value_of(program.kill_rank, problems).value_or("");
  for (const std::string_view word : split_text(text, ',')) {
    int process = -1;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), process);
    if (error != std::errc() || stop != word.data() + word.size() || process < 0 || process >= processes) {
      problems.push_back("--kill-rank: '" + std::string(word) +
                         "' is no process of this job; they are 0 .. " + std::to_string(processes - 1));
    } else if (std::find(settings.kill_ranks.begin(), settings.kill_ranks.end(), process) !=
               settings.kill_ranks.end()) {
      problems.push_back("--kill-rank names " + std::string(word) + " twice; a process dies once");
    } else {
      settings.kill_ranks.push_back(process);
    }
  }
  for (const cli::Option* other : {&program.place, &program.hosts}) {
    if (other->count() > 0)
      problems.push_back(other->name() + " has no effect with --kill-rank; leave it out");
  }
  if (settings.backend != Backend::mpi) problems.push_back("--kill-rank needs --backend mpi");
  return static_cast<int>(spares.value_or(0));
}

void read_deadline_into(std::chrono::seconds& deadline, const Program& program, cli::Problems& problems) {
  if (const auto seconds = cli::number_of(program.deadline, {.min = 1, .max = 86400}, problems)) {
    deadline = std::chrono::seconds(*seconds);
  }
}

}  // namespace

void write_pages(std::string_view version, const std::filesystem::path& folder) {
  const Program program;
  cli::write_pages(program.program, version, folder);
}

std::chrono::seconds read_deadline(std::span<const std::string> args) {
  Program program;
  static_cast<void>(cli::parse(program.program, args));
  std::chrono::seconds deadline = Settings{}.deadline;
  cli::Problems ignored;
  read_deadline_into(deadline, program, ignored);
  return deadline;
}

CommandLine read_command_line(std::span<const std::string> args, int rank, int world_size) {
  Program program;
  const cli::Parsed parsed = cli::parse(program.program, args);
  CommandLine result;
  if (parsed.answer) {
    result.exit_code = exit_success;
    result.out = *parsed.answer;
    return result;
  }
  Settings& settings = result.settings;
  cli::Problems problems = parsed.problems;
  const auto chosen = cli::choice_of(program.backend, problems);
  if (chosen) settings.backend = static_cast<Backend>(*chosen);
  world_size -= read_deaths(program, world_size, settings, problems);
  const cli::OptionReading config = program.config_options.read(world_size);
  problems.insert(problems.end(), config.messages.begin(), config.messages.end());
  settings.config = config.config;
  // With Megatron-Core, processes beyond the layout are ranks of the job that are in no group.
  const bool may_have_idle_ranks =
      settings.config.convention == Convention::megatron_core && settings.kill_ranks.empty();
  const bool fits = settings.config.world_size <= world_size - settings.config.rank_offset;
  if (may_have_idle_ranks && config.diagnostics.empty() && !settings.config.job_size && fits) {
    settings.config.job_size = world_size;
  }
  settings.as_json = cli::choice_of(program.format, problems) == std::size_t{1};
  settings.places = cli::is_given(program.place, problems);
  if (settings.kill_ranks.empty()) settings.host = played_host(program.hosts, rank, world_size, problems);
  settings.shows_progress = cli::is_given(program.progress, problems);
  read_deadline_into(settings.deadline, program, problems);
  // The options of NCCL can be checked only if the backend is known.
  if (chosen || program.backend.count() == 0) {
    // The options file names kinds. If the layout is impossible, the default layout of its convention has
    // them.
    const Topology topology(
        config.diagnostics.empty()
            ? settings.config
            : ParallelConfig{.convention = convention_with_default_layout(settings.config)});
    program.nccl_options.read(settings.backend, topology, settings.nccl, problems);
  }
  if (problems.empty()) return result;
  result.exit_code = exit_bad_input;
  for (const std::string& problem : problems) {
    result.err += (result.err.empty() ? "" : "\nrankmesh-bringup: ") + printable(problem);
  }
  return result;
}

}  // namespace rankmesh::bringup
