#include <charconv>
#include <cmath>
#include <system_error>

#include "cluster_argument.hpp"
#include "layout_command.hpp"
#include "print/placed_job.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

using NamedNumber = std::pair<std::string, double>;

/// `tensor=8,pipeline=1`
std::vector<NamedNumber> named_numbers(const Option& option, Problems& problems) {
  std::vector<NamedNumber> result;
  const auto text = value_of(option, problems);
  if (!text) return result;
  for (const std::string_view part : split_text(*text, ',')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view digits = part.substr(std::min(equals + 1, part.size()));
    double number = -1;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (equals == 0 || error != std::errc() || stop != digits.data() + digits.size() || !(number >= 0) ||
        !std::isfinite(number)) {
      problems.push_back(option.name() + ": " + files::in_quotes(part) +
                         " is not of the form NAME=NUMBER with a number from 0");
      continue;
    }
    result.emplace_back(part.substr(0, equals), number);
  }
  return result;
}

class PlaceCommand : public LayoutCommand {
 public:
  PlaceCommand()
      : LayoutCommand(
            {.name = "place",
             .summary = "The ranks placed on a cluster so that groups cross as few levels as possible",
             .description =
                 "The cost of a placement is the sum over kinds, groups and levels of weight * level cost * "
                 "crossings (docs/clusters.md).",
             .examples = {"rankmesh place --world-size 128 --tp 4 --pp 4 --cluster 'rack:4 node:4 gpu:8'",
                          "rankmesh place --world-size 32 --tp 8 --pp 2 --cluster hosts.toml --format slurm",
                          "rankmesh place --world-size 16 --tp 2 --cluster 'node:4 gpu:4' --weights data=1"}},
            "the slots of each host for which the cluster gives none"),
        cluster_(add({.name = "--cluster",
                      .value_name = "CLUSTER",
                      .description = "a file, a text such as \"rack:8 node:18 gpu:4\", or a hostlist",
                      .takes_file = true,
                      .is_required = true})),
        weights_(add({.name = "--weights",
                      .value_name = "KIND=N,...",
                      .description = "the weight of each kind that counts",
                      .default_value = "typical shares of the traffic"})),
        level_costs_(add({.name = "--level-costs",
                          .value_name = "LEVEL=N,...",
                          .description = "the cost of crossing a level",
                          .default_value = "1 for each"})),
        format_(add_format(*this, {{"text", "spans and costs, and how to start the job"},
                                   {"json", "the same as data"},
                                   {"hostfile", "for Open MPI: hosts with slots, or a line for each rank"},
                                   {"rankfile", "for Open MPI"},
                                   {"hydra", "a hostfile for MPICH"},
                                   {"slurm", "for SLURM_HOSTFILE and --distribution=arbitrary"},
                                   {"torchrun", "the node rank of each host"},
                                   {"ranks", "the slot of each rank"}})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const OptionReading reading = read_config(problems);
    static_cast<void>(read_names(problems));
    const auto slots = read_gpus_per_node(problems);
    const auto text = value_of(cluster_, problems);
    std::optional<GivenCluster> given;
    if (text) given = read_cluster("--cluster", *text, slots, problems);
    const std::vector<NamedNumber> weights = named_numbers(weights_, problems);
    PlacementWeights all;
    for (const auto& [level, cost] : named_numbers(level_costs_, problems))
      all.levels.push_back({level, cost});
    const auto format = static_cast<PlacementFormat>(choice_of(format_, problems).value_or(0));
    if (reading.diagnostics.empty()) read_weights(Topology(reading.config), weights, all, problems);
    if (!problems.empty() || !given) return {};
    const Topology topology(reading.config);
    try {
      PlacedJob job{topology, given->cluster, all, best_placement(topology, given->cluster, all)};
      if (!job.best.placement.is_identity()) {
        job.order = order_with_cost(topology, job.cluster, all, job.best.cost_after);
      }
      if (format == PlacementFormat::torchrun && !why_not_torchrun(job).empty()) {
        problems.push_back("--format: torchrun cannot start this placement, " + why_not_torchrun(job) +
                           "; use rankfile or slurm");
        return {};
      }
      return {.warnings = reading.notes, .run = [job, format](Writer& out, Style style) {
                print_placement(job, format, out, style);
                return success;
              }};
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics())
        problems.push_back("--cluster: " + diagnostic.text());
    } catch (const RangeError& error) {
      problems.push_back(std::string("--level-costs: ") + error.what());
    }
    return {};
  }

 private:
  void read_weights(const Topology& topology, const std::vector<NamedNumber>& given, PlacementWeights& all,
                    Problems& problems) const {
    if (weights_.count() == 0) all.kinds = default_weights(topology);
    for (const auto& [name, weight] : given) {
      if (const auto kind = kind_named("--weights", name, topology, problems))
        all.kinds.push_back({*kind, weight});
    }
  }

  const Option& cluster_;
  const Option& weights_;
  const Option& level_costs_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_place_command() {
  return std::make_unique<PlaceCommand>();
}

}  // namespace rankmesh::cli
