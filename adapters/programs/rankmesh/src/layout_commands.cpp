#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <limits>

#include "layout_command.hpp"

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

class GroupsCommand : public LayoutCommand {
 public:
  explicit GroupsCommand(CLI::App& program)
      : LayoutCommand(program, "groups", "Every group of every kind, as lists of ranks"),
        kinds_(app(), ""),
        format_(add_format(app(), "text, json or csv")),
        all_(add_switch(app(), {.name = "--all", .description = "shorten no text; json and csv never are"})) {
    app().footer(groups_examples);
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const ConfigReading reading = read_config(problems);
    const ParallelConfig& config = reading.config;
    GroupsRequest request{.kinds = kinds_.read(reading, problems),
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
  KindsOption kinds_;
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
    if (request.layers && reading.diagnostics.empty())
      check_layers(*request.layers, reading.config, problems);
    if (!problems.empty()) return {};
    return task_on(reading.config, request.gpus_per_node,
                   [request](const Topology& topology, Writer& out, Style style) {
                     print_rank(topology, request, out, style);
                   });
  }

 private:
  static void check_rank(std::int64_t rank, const ConfigReading& reading, Problems& problems) {
    for (const Diagnostic& diagnostic : reading.diagnostics) {
      if (diagnostic.field == "world_size" || diagnostic.field == "rank_offset") return;
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
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        problems.push_back("--layers: " + diagnostic.message());
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
