#include "print/rank.hpp"

#include <limits>

#include "layout_command.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/shard.hpp"
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
        layers_(add({.name = "--layers",
                     .value_name = "N",
                     .description = "layers of the model: also show which of them the rank holds"})),
        format_(add_format(*this, {"text", "json"})),
        all_(add_all(*this, "print every list in full; json leaves out those of more than 1024 ranks")) {
    add_layout_argument();
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto number = number_of(rank_, {.min = std::numeric_limits<std::int64_t>::min()}, problems);
    const OptionReading reading = read_config(problems);
    if (number) check_rank(*number, reading, problems);
    RankRequest request{.rank = static_cast<int>(number.value_or(0)),
                        .kinds = kinds_.read(reading, problems),
                        .format = format_of(format_, problems),
                        .all = is_given(all_, problems),
                        .gpus_per_node = read_gpus_per_node(problems),
                        .layers = number_of(layers_, {.min = 1}, problems),
                        .names = read_names(problems)};
    if (request.layers && reading.diagnostics.empty())
      check_layers(*request.layers, reading.config, problems);
    if (!problems.empty()) return {};
    return task_on(reading, request.gpus_per_node,
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
    const auto refuse = [&](const Diagnostic& diagnostic) {
      problems.push_back("--layers: " + diagnostic.message());
    };
    try {
      const Topology topology(config);
      (void)topology.pipeline().layers({.layers = layers});
    } catch (const ConfigError& error) {
      const auto of_fields = check_model_size(
          {.field = "layers", .length = layers, .divided_by = {"pipeline", "virtual_pipeline"}}, config);
      // The stages of a mesh are an axis, which no field gives.
      refuse(of_fields ? *of_fields : error.diagnostics().front());
    }
  }

  const Option& rank_;
  KindsOption kinds_;
  const Option& layers_;
  const Option& format_;
  const Option& all_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_rank_command() {
  return std::make_unique<RankCommand>();
}

}  // namespace rankmesh::cli
