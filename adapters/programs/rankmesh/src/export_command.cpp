#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>

#include "exports.hpp"
#include "host_list.hpp"
#include "layout_command.hpp"
#include "placement.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/layout.hpp"

namespace rankmesh::cli {
namespace {

enum class ExportFormat { toml, per_rank_json, astra_sim, hostfile, rankfile };

/// In that order.
constexpr std::array<std::string_view, 5> formats{"toml", "per-rank-json", "astra-sim", "hostfile",
                                                  "rankfile"};

bool is_placed(ExportFormat format) {
  return format == ExportFormat::hostfile || format == ExportFormat::rankfile;
}

struct ExportRequest {
  ExportFormat format = ExportFormat::toml;
  std::vector<GroupKind> kinds{};
  Names names = Names::of_rankmesh;
  std::vector<Host> hosts{};
  int cores_per_rank = 1;
};

void print_export(const Topology& topology, const ExportRequest& request, Writer& out) {
  switch (request.format) {
    case ExportFormat::toml:
      return out.put(files::to_toml(topology.config()));
    case ExportFormat::per_rank_json:
      return print_per_rank_json(topology, request.kinds, request.names, out);
    case ExportFormat::astra_sim:
      return print_astra_sim(topology, request.kinds, out);
    case ExportFormat::hostfile:
    case ExportFormat::rankfile:
      break;
  }
  const Placement placement(topology, *topology.find_kind(request.kinds.front()), request.hosts);
  if (request.format == ExportFormat::hostfile) return print_hostfile(placement, out);
  print_rankfile(placement, request.cores_per_rank, out);
}

class ExportCommand : public LayoutCommand {
 public:
  explicit ExportCommand(CLI::App& program)
      : LayoutCommand(program, "export", "The groups for other programs: JSON, ASTRA-sim, Open MPI"),
        format_(add_value(app(),
                          {.name = "--format",
                           .value_name = "FORMAT",
                           .description = "what to write:\n"
                                          "toml           the layout as a file for --layout\n"
                                          "per-rank-json  of each rank: groups, positions, members\n"
                                          "astra-sim      communicator groups of ASTRA-sim, {\"1\": [0,1]}\n"
                                          "hostfile       of Open MPI, the kind inside nodes\n"
                                          "rankfile       likewise, where ranks are not in order",
                           .choices = {formats.begin(), formats.end()}})),
        kinds_(app(), ""),
        hosts_(add_value(app(), {.name = "--hosts",
                                 .value_name = "NAME,...",
                                 .description = "the nodes, of --gpus-per-node slots each",
                                 .group = placed})),
        hosts_file_(add_value(
            app(), {.name = "--hosts-file",
                    .value_name = "FILE",
                    .description = "the nodes, one in a line; slots=N behind the name where it has\n"
                                   "others than --gpus-per-node",
                    .group = placed})),
        cores_per_rank_(add_value(app(), {.name = "--cores-per-rank",
                                          .value_name = "N",
                                          .description = "cores that a rankfile binds a rank to [1]",
                                          .group = placed})) {
    app().footer(
        "Examples\n"
        "  rankmesh export --world-size 16 --tp 2 --pp 4 --format per-rank-json\n"
        "  rankmesh export --world-size 16 --tp 2 --pp 4 --format astra-sim --kind tensor --kind data\n"
        "  rankmesh export --world-size 8 --tp 2 --format rankfile --kind data --hosts a,b --gpus-per-node "
        "4");
    app().get_option("--gpus-per-node")->description("processes that each of --hosts takes");
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const ConfigReading reading = read_config(problems);
    ExportRequest request{.kinds = kinds_.read(reading, problems), .names = read_names(problems)};
    const auto gpus_per_node = read_gpus_per_node(problems);
    if (format_->count() == 0) {
      problems.emplace_back("--format is missing: toml, per-rank-json, astra-sim, hostfile or rankfile");
    }
    const auto format = choice_of(*format_, formats, problems);
    if (!format) return {};
    request.format = static_cast<ExportFormat>(*format);
    if (is_placed(request.format)) {
      read_placement(request, gpus_per_node, problems);
    } else {
      refuse_placement(problems);
    }
    if (problems.empty() && is_placed(request.format)) check_placement(reading.config, request, problems);
    if (!problems.empty()) return {};
    // Where the kind lies is what was asked for; there is no need to warn of it.
    return task_on(reading.config, std::nullopt, [request](const Topology& topology, Writer& out, Style) {
      print_export(topology, request, out);
    });
  }

 private:
  static constexpr const char* placed = "With --format hostfile or rankfile";

  void read_placement(ExportRequest& request, std::optional<int> slots, Problems& problems) const {
    if (kinds_.count() == 0) {
      problems.emplace_back("--kind is missing: the kind of group that is to stay inside a node");
    } else if (kinds_.count() > 1) {
      problems.emplace_back("--kind is given more than once: one kind stays inside a node");
    }
    const auto names = value_of(*hosts_, problems);
    const auto path = value_of(*hosts_file_, problems);
    if (hosts_->count() == 0 && hosts_file_->count() == 0) {
      problems.emplace_back("--hosts is missing: give --hosts a,b --gpus-per-node 8, or --hosts-file FILE");
    } else if (hosts_->count() > 0 && hosts_file_->count() > 0) {
      problems.emplace_back("--hosts and --hosts-file are given: one of them is enough");
    } else if (names) {
      request.hosts = hosts_of_names(*names, slots, problems);
    } else if (path) {
      request.hosts = hosts_of_file(*path, slots, problems);
    }
    const NumberRange cores{.min = 1, .max = max_gpus_per_node};
    request.cores_per_rank = static_cast<int>(number_of(*cores_per_rank_, cores, problems).value_or(1));
  }

  void refuse_placement(Problems& problems) const {
    for (const CLI::Option* option : {hosts_, hosts_file_, cores_per_rank_}) {
      if (option->count() > 0)
        problems.push_back(option->get_name() + " needs --format hostfile or rankfile");
    }
  }

  static void check_placement(const ParallelConfig& config, const ExportRequest& request,
                              Problems& problems) {
    const Topology topology(config);
    const Placement placement(topology, *topology.find_kind(request.kinds.front()), request.hosts);
    problems = placement.problems();
  }

  CLI::Option* format_;
  KindsOption kinds_;
  CLI::Option* hosts_;
  CLI::Option* hosts_file_;
  CLI::Option* cores_per_rank_;
};

}  // namespace

std::unique_ptr<Command> add_export_command(CLI::App& program) {
  return std::make_unique<ExportCommand>(program);
}

}  // namespace rankmesh::cli
