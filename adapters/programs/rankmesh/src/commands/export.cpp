#include "print/exports.hpp"

#include "host_list.hpp"
#include "layout_command.hpp"
#include "placement.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/layout.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

enum class ExportFormat { toml, per_rank_json, astra_sim, hostfile, rankfile };

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
  const HostPlacement placement(topology, *topology.find_kind(request.kinds.front()), request.hosts);
  if (request.format == ExportFormat::hostfile) return print_hostfile(placement, out);
  print_rankfile(placement, request.cores_per_rank, out);
}

class ExportCommand : public LayoutCommand {
 public:
  ExportCommand()
      : LayoutCommand(
            {.name = "export",
             .summary = "The groups for other programs: JSON, ASTRA-sim, Open MPI",
             .examples = {"rankmesh export --world-size 16 --tp 2 --pp 4 --format per-rank-json",
                          "rankmesh export --world-size 16 --tp 2 --pp 4 --format astra-sim --kind "
                          "tensor --kind data",
                          "rankmesh export --world-size 8 --tp 2 --format rankfile --kind data --hosts "
                          "a,b --gpus-per-node 4"}},
            "processes that each of --hosts takes"),
        // In the order of ExportFormat.
        format_(add(
            {.name = "--format",
             .value_name = "FORMAT",
             .description = "what to write",
             .choices = {{"toml", "the layout as a file for --layout"},
                         {"per-rank-json", "the groups, positions and members of each rank"},
                         {"astra-sim", "communicator groups of ASTRA-sim, {\"1\": [0,1]}"},
                         {"hostfile", "the nodes of an Open MPI job, for mpiexec --hostfile"},
                         {"rankfile",
                          "the node and core of each rank, for mpiexec --rankfile, which keep each group of "
                          "--kind on one node; without it, Open MPI decides where a rank runs"}},
             .is_required = true})),
        kinds_(*this),
        hosts_(add({.name = "--hosts",
                    .value_name = "NAME,...",
                    .description = "the nodes, of --gpus-per-node slots each",
                    .heading = placed})),
        hosts_file_(
            add({.name = "--hosts-file",
                 .value_name = "FILE",
                 .description =
                     "a file with the nodes: one on each line, or another form that rankmesh cluster reads",
                 .details = "slots=N behind the name overrides --gpus-per-node.",
                 .heading = placed,
                 .takes_file = true})),
        cores_per_rank_(add({.name = "--cores-per-rank",
                             .value_name = "N",
                             .description = "cores that a rankfile binds a rank to",
                             .heading = placed,
                             .default_value = "1"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const OptionReading reading = read_config(problems);
    ExportRequest request{.kinds = kinds_.read(reading, problems), .names = read_names(problems)};
    const auto gpus_per_node = read_gpus_per_node(problems);
    const auto format = choice_of(format_, problems);
    if (!format) return {};
    request.format = static_cast<ExportFormat>(*format);
    if (is_placed(request.format)) {
      read_placement(request, gpus_per_node, problems);
    } else {
      refuse_placement(problems);
    }
    if (problems.empty() && is_placed(request.format)) check_placement(reading.config, request, problems);
    if (!problems.empty()) return {};
    // The user asked for this placement, so there are no warnings about it.
    return task_on(reading, std::nullopt, [request](const Topology& topology, Writer& out, Style) {
      print_export(topology, request, out);
    });
  }

 private:
  static constexpr const char* placed = "With --format hostfile or rankfile";

  void read_placement(ExportRequest& request, std::optional<int> slots, Problems& problems) const {
    if (kinds_.count() == 0) {
      if (!kinds_.is_misspelt())
        problems.emplace_back("--kind is missing: the kind of group that is to stay inside a node");
    } else if (kinds_.count() > 1) {
      problems.emplace_back("--kind is given more than once: one kind stays inside a node");
    }
    const auto names = value_of(hosts_, problems);
    const auto path = value_of(hosts_file_, problems);
    if (hosts_.count() == 0 && hosts_file_.count() == 0) {
      if (!hosts_.is_misspelt() && !hosts_file_.is_misspelt())
        problems.emplace_back("--hosts is missing: give --hosts a,b --gpus-per-node 8, or --hosts-file FILE");
    } else if (hosts_.count() > 0 && hosts_file_.count() > 0) {
      problems.emplace_back("--hosts and --hosts-file are given: one of them is enough");
    } else if (names) {
      request.hosts = hosts_of_names(*names, slots, problems);
    } else if (path) {
      request.hosts = hosts_of_file(*path, slots, problems);
    }
    const NumberRange cores{.min = 1, .max = max_gpus_per_node};
    request.cores_per_rank = static_cast<int>(number_of(cores_per_rank_, cores, problems).value_or(1));
  }

  void refuse_placement(Problems& problems) const {
    for (const Option* option : {&hosts_, &hosts_file_, &cores_per_rank_}) {
      if (option->count() > 0) problems.push_back(option->name() + " needs --format hostfile or rankfile");
    }
  }

  static void check_placement(const ParallelConfig& config, const ExportRequest& request,
                              Problems& problems) {
    const Topology topology(config);
    const HostPlacement placement(topology, *topology.find_kind(request.kinds.front()), request.hosts);
    problems = placement.problems();
  }

  const Option& format_;
  KindsOption kinds_;
  const Option& hosts_;
  const Option& hosts_file_;
  const Option& cores_per_rank_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_export_command() {
  return std::make_unique<ExportCommand>();
}

}  // namespace rankmesh::cli
