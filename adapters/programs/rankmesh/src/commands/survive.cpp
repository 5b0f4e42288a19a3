#include <algorithm>
#include <set>

#include "layout_command.hpp"
#include "loss_options.hpp"
#include "print/survive.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"
#include "state_arguments.hpp"

namespace rankmesh::cli {
namespace {

/// The layout with the least memory for each rank that fits, as a remedy; empty if there is none.
std::string smaller_layout(const Topology& topology, int processes, const SurvivorOptions& options) {
  try {
    const auto layouts = fitting_layouts(topology, processes, {.tensor = true, .pipeline = true}, options);
    const auto ranks = [](const FittingLayout& l) { return l.config.tensor * l.config.pipeline; };
    const auto best =
        std::max_element(layouts.begin(), layouts.end(),
                         [&](const FittingLayout& a, const FittingLayout& b) { return ranks(a) < ranks(b); });
    return best == layouts.end() ? "" : ", for example " + to_string(best->config);
  } catch (const ConfigError&) {
    return "";
  }
}

class SurviveCommand : public LayoutCommand {
 public:
  SurviveCommand()
      : LayoutCommand(
            {.name = "survive",
             .summary = "What is left of a layout after ranks are lost, and the layout to go on with",
             .description =
                 "A replica is the smallest set of ranks that holds a full copy of the weights and that a "
                 "layout can lose alone: the ranks of one data coordinate, with experts of several "
                 "(docs/survive.md). Spares take the places of lost ranks; without enough of them, as few "
                 "replicas as possible are dropped, and their ranks serve as spares first.",
             .examples =
                 {"rankmesh survive 'world=16384 tp=8 pp=16' --cluster 'node:2048 gpu:8' --lost-nodes 17",
                  "rankmesh survive 'world=16 tp=2 pp=2' --lost-ranks 3,5 --spares 1 --format json",
                  "rankmesh survive 'world=512 tp=8' --cluster 'rack:8 node:9 gpu:8' --any rack "
                  "--spares 64"}},
            "the slots of each host for which the cluster gives none; without --cluster, of all hosts"),
        cluster_(*this, "where the ranks run: a file, a text such as \"rack:8 node:18 gpu:4\", or a hostlist",
                 false),
        loss_(*this),
        any_(add({.name = "--any",
                  .value_name = "LEVEL",
                  .description = "what the loss of each domain of this level alone costs, and the worst"})),
        spares_(add({.name = "--spares",
                     .value_name = "N",
                     .description = "processes that can take the place of a lost rank",
                     .details = "They are on the slots of the cluster without a rank, from the first on, and "
                                "are lost with their host; further ones are outside the cluster.",
                     .default_value = "0"})),
        state_(*this),
        allow_(add({.name = "--allow",
                    .value_name = "tp,pp",
                    .description = "also list the largest layouts with these sizes changed"})),
        data_axes_(add({.name = "--data-axes",
                        .value_name = "AXES",
                        .description = "of your own meshes: the axes that number the replicas",
                        .default_value = "dp_replicate,dp,edp"})),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const OptionReading reading = read_config(problems);
    static_cast<void>(read_names(problems));
    const auto slots = read_gpus_per_node(problems);
    const auto where = places(reading, slots, problems);
    const AllowedChanges changes = allowed(problems);
    const SurvivorOptions options = read_options(problems);
    const auto level = value_of(any_, problems);
    const bool as_json = format_of(format_, problems) == Format::json;
    if (any_.count() == 0 && !loss_.is_given()) {
      problems.emplace_back("what is lost is missing: give --lost-ranks, --lost-nodes or --any LEVEL");
    } else if (level && loss_.is_given()) {
      problems.emplace_back("--any asks about every domain; leave out --lost-ranks and --lost-nodes");
    }
    if (level && allow_.count() > 0)
      problems.emplace_back("--allow has no effect with --any; ask about one loss");
    if (!cluster_.is_given() && !slots) {
      if (loss_.needs_hosts()) problems.emplace_back("--lost-nodes needs --cluster, or --gpus-per-node");
      if (level) problems.emplace_back("--any needs --cluster, or --gpus-per-node");
    }
    if (!reading.messages.empty()) {
      static_cast<void>(loss_.read(std::nullopt, where, problems));
      return {};
    }
    const Topology topology(reading.config);
    check_data_axes(topology, problems);
    check_copy_axes(topology, options.state, problems);
    Task task;
    if (level) {
      task.run = sweep(topology, where, *level, options, as_json, problems);
    } else {
      task.run = survive(topology, where, options, changes, as_json, problems);
    }
    task.warnings = reading.notes;
    return task;
  }

 private:
  using Run = std::function<int(Writer&, Style)>;

  [[nodiscard]] std::optional<PlacedRanks> places(const OptionReading& reading, std::optional<int> slots,
                                                  Problems& problems) const {
    auto where = cluster_.read(reading, slots, problems);
    if (where || !slots || cluster_.is_given() || !reading.diagnostics.empty()) return where;
    const int ranks = Topology(reading.config).world_size();
    return PlacedRanks{cluster_of_nodes(ranks, *slots), Placement::identity(ranks)};
  }

  [[nodiscard]] SurvivorOptions read_options(Problems& problems) const {
    SurvivorOptions options;
    options.spares = static_cast<int>(number_of(spares_, {.min = 0, .max = 1 << 20}, problems).value_or(0));
    options.state = state_.read(problems).options;
    if (data_axes_.count() > 0) options.data_axes = list_of(data_axes_, problems);
    return options;
  }

  static void check_copy_axes(const Topology& topology, const StateOptions& options, Problems& problems) {
    try {
      static_cast<void>(state_holders(topology, options));
    } catch (const ConfigError& error) {
      add_problems(error, problems);
    }
  }

  void check_data_axes(const Topology& topology, Problems& problems) const {
    if (data_axes_.count() == 0 || data_axes_.is_misspelt()) return;
    const std::vector<std::vector<Axis>>& meshes = topology.config().meshes;
    if (meshes.empty()) {
      problems.emplace_back(
          "--data-axes: is for meshes of your own; leave it out, since this layout has none");
      return;
    }
    std::set<std::string> names;
    for (const std::vector<Axis>& mesh : meshes) {
      for (const Axis& axis : mesh) names.insert(axis.name);
    }
    Problems ignored;
    for (const std::string& axis : list_of(data_axes_, ignored)) {
      if (names.count(axis) > 0) continue;
      problems.push_back("--data-axes: " + files::in_quotes(axis) + " is no axis of this layout; it has " +
                         joined(names, ", "));
    }
  }

  [[nodiscard]] AllowedChanges allowed(Problems& problems) const {
    AllowedChanges changes;
    for (const std::string& size : list_of(allow_, problems)) {
      if (size == "tp") {
        changes.tensor = true;
      } else if (size == "pp") {
        changes.pipeline = true;
      } else {
        problems.push_back("--allow: " + files::in_quotes(size) + " is not tp or pp");
      }
    }
    return changes;
  }

  static void add_problems(const ConfigError& error, Problems& problems) {
    for (Diagnostic diagnostic : error.diagnostics()) {
      diagnostic.rule.rename("copy_axes", "--copy-axes");
      if (diagnostic.field == "copy_axes") {
        problems.push_back("--copy-axes: " + diagnostic.value + " " + diagnostic.rule.text());
      } else if (diagnostic.field == "lost") {
        problems.push_back("the loss of " + diagnostic.value + " " + diagnostic.rule.text());
      } else if (diagnostic.field == "meshes") {
        problems.emplace_back(
            "--allow: on meshes of your own it is not known which sizes may change; leave it out");
      } else {
        problems.push_back(diagnostic.text());
      }
    }
  }

  [[nodiscard]] Run survive(const Topology& topology, const std::optional<PlacedRanks>& where,
                            SurvivorOptions options, AllowedChanges changes, bool as_json,
                            Problems& problems) const {
    LostJob job{.topology = topology, .where = where, .options = options};
    job.loss = loss_.read(topology.world_size(), where, problems);
    if (!problems.empty()) return {};
    const std::vector<int> slots =
        where ? where->free_slots(topology.world_size(), options.spares) : std::vector<int>();
    for (int spare = 0; spare < options.spares; ++spare) {
      const auto index = static_cast<std::size_t>(spare);
      const auto& hosts = job.loss.hosts;
      if (index < slots.size() &&
          std::binary_search(hosts.begin(), hosts.end(), where->cluster.host_of(slots[index]))) {
        continue;
      }
      job.spares.push_back(spare);
    }
    options.spares = static_cast<int>(job.spares.size());
    const int processes = topology.world_size() - static_cast<int>(job.loss.ranks.size()) + options.spares;
    try {
      if (changes != AllowedChanges()) job.layouts = fitting_layouts(topology, processes, changes, options);
      job.survival = survivors(topology, job.loss.ranks, options);
    } catch (const ConfigError& error) {
      add_problems(error, problems);
      if (error.diagnostics().front().field == "lost")
        problems.back() += smaller_layout(topology, processes, options);
      return {};
    }
    return [job, as_json](Writer& out, Style style) {
      print_survival(job, as_json, out, style);
      return success;
    };
  }

  [[nodiscard]] Run sweep(const Topology& topology, const std::optional<PlacedRanks>& where,
                          const std::string& level, const SurvivorOptions& options, bool as_json,
                          Problems& problems) const {
    if (!where) return {};
    const auto number = where->cluster.find_level(level);
    if (!number) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < where->cluster.level_count(); ++i)
        names.push_back(where->cluster.level_name(i));
      problems.push_back("--any: the cluster has no level " + files::in_quotes(level) + "; it has " +
                         joined(names, ", "));
    }
    if (!problems.empty()) return {};
    SweptJob job{.topology = topology, .where = *where, .level = *number, .options = options};
    try {
      job.sweep = loss_of_each_domain(topology, where->cluster, where->placement, *number, options,
                                      where->free_slots(topology.world_size(), options.spares));
    } catch (const ConfigError& error) {
      add_problems(error, problems);
      return {};
    } catch (const RangeError& error) {
      problems.push_back(std::string("--placement: ") + error.what());
      return {};
    }
    return [job, as_json](Writer& out, Style style) {
      print_sweep(job, as_json, out, style);
      return success;
    };
  }

  ClusterOptions cluster_;
  LossOptions loss_;
  const Option& any_;
  const Option& spares_;
  StateArguments state_;
  const Option& allow_;
  const Option& data_axes_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_survive_command() {
  return std::make_unique<SurviveCommand>();
}

}  // namespace rankmesh::cli
