#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <limits>

#include "command.hpp"
#include "node_span.hpp"
#include "rankmesh/cli/config_options.hpp"
#include "rankmesh/topology/kind_names.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::array<std::string_view, 3> formats{"text", "json", "csv"};

constexpr const char* groups_examples =
    "Examples\n"
    "  rankmesh groups --world-size 16 --tp 2 --pp 4\n"
    "  rankmesh groups --world-size 64 --tp 8 --pp 4 --kind data --kind tensor --format json\n"
    "  rankmesh groups --world-size 1048576 --tp 8 --pp 16 --format csv | head";

constexpr const char* rank_examples =
    "Examples\n"
    "  rankmesh rank 5 --world-size 16 --tp 2 --pp 4\n"
    "  rankmesh rank 5 --world-size 16 --tp 2 --pp 4 --vpp 2 --layers 16 --format json";

constexpr const char* show_examples =
    "The pattern of a group is made of pairs size:stride, the fastest first:\n"
    "  8:1         8 consecutive ranks\n"
    "  4:16        4 ranks, 16 apart\n"
    "  2:1 4:4     4 times 2 consecutive ranks, 4 apart: 0 1, 4 5, 8 9, 12 13\n"
    "  4:4@0,3     of such a group the members at positions 0 and 3\n"
    "  -           a single rank\n"
    "\n"
    "Examples\n"
    "  rankmesh show --world-size 16 --tp 2 --pp 4\n"
    "  rankmesh show --world-size 1024 --tp 8 --pp 16 --fp8 --gpus-per-node 8";

constexpr std::array<std::string_view, 2> name_choices{"long", "short"};

/// `data, sequence, ...`: the kinds of a topology.
std::string kinds_text(const Topology& topology, Names names) {
  std::string text;
  for (const KindFamily& kind : topology.kinds()) {
    text.append(text.empty() ? "" : ", ").append(name_of(kind, names));
  }
  return text;
}

/// The kinds of the reference, all of them.
std::string reference_kinds_text() {
  return kinds_text(Topology({.world_size = 1, .fp8 = true}), Names::of_rankmesh);
}

/// Whether some layout of a convention has a kind, by either name.
bool is_known_kind(const std::string& name) {
  if (!GroupKind::is_valid(name)) return false;
  const GroupKind kind(name);
  return short_name_of(kind) != kind || long_name_of(kind) != kind || kind == GroupKind::amax;
}

/// The layout of one rank, which has the names of a convention where a configuration itself has no layout.
ParallelConfig smallest_of(const ParallelConfig& config) {
  return {.fp8 = config.fp8 && config.convention != Convention::megatron_core,
          .convention = config.convention};
}

/// What is wrong with a kind that was asked for; nothing if the topology has it.
std::optional<std::string> problem_of_kind(const Topology& topology, const std::string& name) {
  if (GroupKind::is_valid(name) && topology.find(GroupKind(name)) != nullptr) return std::nullopt;
  const bool of_reference = topology.config().convention != Convention::megatron_core;
  if (of_reference && name == "amax") return "--kind: there are no amax groups without FP8; add --fp8";
  const std::string known = of_reference ? reference_kinds_text() : kinds_text(topology, Names::of_rankmesh);
  if (!is_known_kind(name)) return "--kind: there is no kind \"" + name + "\"; the kinds are " + known;
  return "--kind: this layout has no " + name + " groups; it has " + known;
}

/// A command about a layout that is given by options.
class LayoutCommand : public Command {
 public:
  LayoutCommand(CLI::App& program, const std::string& name, const std::string& description)
      : Command(program, name, description),
        config_(app()),
        names_(add_value(app(),
                         {.name = "--names",
                          .value_name = "long|short",
                          .description = "print the names of kinds as here, or as in Megatron-Core [long]"})),
        gpus_per_node_(add_gpus_per_node(app())) {}

 protected:
  [[nodiscard]] ConfigReading read_config(Problems& problems) const {
    OptionReading reading = config_.read();
    problems.insert(problems.end(), reading.messages.begin(), reading.messages.end());
    return reading;
  }

  [[nodiscard]] std::optional<int> read_gpus_per_node(Problems& problems) const {
    return gpus_per_node_of(*gpus_per_node_, problems);
  }

  [[nodiscard]] Names read_names(Problems& problems) const {
    return static_cast<Names>(choice_of(*names_, name_choices, problems).value_or(0));
  }

 private:
  ConfigOptions config_;
  CLI::Option* names_;
  CLI::Option* gpus_per_node_;
};

class GroupsCommand : public LayoutCommand {
 public:
  explicit GroupsCommand(CLI::App& program)
      : LayoutCommand(program, "groups", "Every group of every kind, as lists of ranks"),
        kinds_(
            add_value(app(), {.name = "--kind",
                              .value_name = "NAME",
                              .description = "only this kind, by either name; may be repeated. They are\n" +
                                             broken_after(reference_kinds_text(), 60) +
                                             ";\nthose of Megatron-Core are in docs/groups.md"})),
        format_(add_format(app(), "text, json or csv")),
        all_(add_switch(app(), {.name = "--all", .description = "shorten no text; json and csv never are"})) {
    app().footer(groups_examples);
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const ConfigReading reading = read_config(problems);
    const ParallelConfig& config = reading.config;
    GroupsRequest request{.kinds = read_kinds(reading, problems),
                          .format = format_of(*format_, formats, problems),
                          .all = is_given(*all_, problems),
                          .gpus_per_node = read_gpus_per_node(problems),
                          .names = read_names(problems)};
    if (!problems.empty()) return {};
    return task_on(config, request.gpus_per_node,
                   [request](const Topology& topology, Writer& out, Style style) {
                     print_groups(topology, request, out, style);
                   });
  }

 private:
  /// Breaks a list behind the comma that comes last before a width.
  static std::string broken_after(std::string text, std::size_t width) {
    if (text.size() > width) text[text.rfind(' ', width)] = '\n';
    return text;
  }

  /// The kinds by their own names, also those asked for by another.
  [[nodiscard]] std::vector<GroupKind> read_kinds(const ConfigReading& reading, Problems& problems) const {
    const std::vector<std::string> names = values_of(*kinds_, problems);
    std::vector<GroupKind> kinds;
    if (names.empty()) return kinds;
    const bool is_valid = reading.violations.empty();
    const Topology topology(is_valid ? reading.config : smallest_of(reading.config));
    for (const std::string& name : names) {
      const bool may_be_made = !is_valid && reading.config.convention == Convention::megatron_core;
      if (may_be_made && is_known_kind(name)) continue;
      if (auto problem = problem_of_kind(topology, name)) {
        problems.push_back(std::move(*problem));
      } else if (is_valid) {
        kinds.push_back(topology.find_kind(GroupKind(name))->kind);
      }
    }
    return kinds;
  }

  CLI::Option* kinds_;
  CLI::Option* format_;
  CLI::Option* all_;
};

class RankCommand : public LayoutCommand {
 public:
  explicit RankCommand(CLI::App& program)
      : LayoutCommand(program, "rank", "Everything about one rank: coordinates, stage, neighbours, groups"),
        rank_(add_value(
            app(), {.name = "RANK", .description = "the rank, 0 .. world size - 1", .group = "Argument"})),
        layers_(add_value(app(), {.name = "--layers",
                                  .value_name = "N",
                                  .description = "layers of the model: say which of them the rank holds"})),
        format_(add_format(app(), "text or json")) {
    app().footer(rank_examples);
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto number = number_of(*rank_, {.min = std::numeric_limits<std::int64_t>::min()}, problems);
    if (rank_->count() == 0) problems.push_back("RANK is missing: rankmesh rank 5 asks about rank 5");
    const ConfigReading reading = read_config(problems);
    if (number) check_rank(*number, reading, problems);
    RankRequest request{.rank = static_cast<int>(number.value_or(0)),
                        .format = format_of(*format_, std::span(formats).first(2), problems),
                        .gpus_per_node = read_gpus_per_node(problems),
                        .layers = number_of(*layers_, {.min = 1}, problems),
                        .names = read_names(problems)};
    if (request.layers && reading.violations.empty()) check_layers(*request.layers, reading.config, problems);
    if (!problems.empty()) return {};
    return task_on(reading.config, request.gpus_per_node,
                   [request](const Topology& topology, Writer& out, Style style) {
                     print_rank(topology, request, out, style);
                   });
  }

 private:
  static void check_rank(std::int64_t rank, const ConfigReading& reading, Problems& problems) {
    for (const Violation& violation : reading.violations) {
      if (violation.field == "world_size" || violation.field == "rank_offset") return;
    }
    const std::int64_t first = reading.config.rank_offset;
    const std::int64_t last = first + reading.config.world_size - 1;
    if (rank >= first && rank <= last) return;
    problems.push_back("RANK: rank " + std::to_string(rank) +
                       (first == 0 ? " does not exist: the world has ranks "
                                   : " is not in the layout, which has the ranks ") +
                       std::to_string(first) + " .. " + std::to_string(last));
  }

  static void check_layers(std::int64_t layers, const ParallelConfig& config, Problems& problems) {
    try {
      (void)Topology(config).pipeline().layers({.layers = layers});
    } catch (const ConfigError& error) {
      for (const Violation& violation : error.violations()) {
        problems.push_back("--layers: " + violation.message());
      }
    }
  }

  CLI::Option* rank_;
  CLI::Option* layers_;
  CLI::Option* format_;
};

class ShowCommand : public LayoutCommand {
 public:
  explicit ShowCommand(CLI::App& program)
      : LayoutCommand(program, "show", "A summary: one line for every kind of group") {
    app().footer(show_examples);
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const ParallelConfig config = read_config(problems).config;
    const ShowRequest request{.gpus_per_node = read_gpus_per_node(problems), .names = read_names(problems)};
    if (!problems.empty()) return {};
    return task_on(config, request.gpus_per_node,
                   [request](const Topology& topology, Writer& out, Style style) {
                     print_summary(topology, request, out, style);
                   });
  }
};

}  // namespace

std::unique_ptr<Command> add_groups_command(CLI::App& program) {
  return std::make_unique<GroupsCommand>(program);
}

std::unique_ptr<Command> add_rank_command(CLI::App& program) {
  return std::make_unique<RankCommand>(program);
}

std::unique_ptr<Command> add_show_command(CLI::App& program) {
  return std::make_unique<ShowCommand>(program);
}

}  // namespace rankmesh::cli
