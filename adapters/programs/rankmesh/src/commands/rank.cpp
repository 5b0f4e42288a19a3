#include "print/rank.hpp"

#include <limits>

#include "layout_command.hpp"
#include "rankmesh/options/split_options.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

class RankCommand : public LayoutCommand {
 public:
  RankCommand()
      : LayoutCommand(
            {.name = "rank",
             .summary = "Everything about one rank: coordinates, stage, neighbours, groups",
             .examples = {"rankmesh rank 5 --world-size 16 --tp 2 --pp 4",
                          "rankmesh rank 5 --world-size 16 --tp 2 --pp 4 --vpp 2 --layers 16 --format "
                          "json"}},
            "also show on which nodes ranks and groups lie", false),
        rank_(add({.name = "RANK",
                   .description = "the rank, 0 .. world size - 1",
                   .heading = "Argument",
                   .is_required = true})),
        kinds_(*this),
        cluster_(*this),
        split_(*this),
        format_(add_format(*this, {"text", "json"})),
        all_(add_all(*this, "print every list in full; json leaves out those of more than 1024 ranks")) {
    add_layout_argument();
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto number = number_of(rank_, {.min = std::numeric_limits<std::int64_t>::min()}, problems);
    OptionReading reading = read_config(problems);
    const std::optional<PipelineLayout> layout = split_.read(reading, problems);
    if (number) check_rank(*number, reading, problems);
    const auto gpus_per_node = read_gpus_per_node(problems);
    const auto where = cluster_.read(reading, gpus_per_node, problems);
    RankRequest request{.rank = static_cast<int>(number.value_or(0)),
                        .kinds = kinds_.read(reading, problems),
                        .format = format_of(format_, problems),
                        .all = is_given(all_, problems),
                        .gpus_per_node = where ? std::nullopt : gpus_per_node,
                        .where = where,
                        .layout = layout,
                        .names = read_names(problems)};
    if (!problems.empty()) return {};
    return task_on(
        reading, request.gpus_per_node,
        [request](const Topology& topology, Writer& out, Style style) {
          print_rank(topology, request, out, style);
        },
        request.where);
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

  const Option& rank_;
  KindsOption kinds_;
  ClusterOptions cluster_;
  SplitOptions split_;
  const Option& format_;
  const Option& all_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_rank_command() {
  return std::make_unique<RankCommand>();
}

}  // namespace rankmesh::cli
