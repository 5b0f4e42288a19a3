#include "print/groups.hpp"

#include "layout_command.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

class GroupsCommand : public LayoutCommand {
 public:
  GroupsCommand()
      : LayoutCommand(
            {.name = "groups",
             .summary = "Every group of every kind, as lists of ranks",
             .examples = {"rankmesh groups --world-size 16 --tp 2 --pp 4",
                          "rankmesh groups --world-size 64 --tp 8 --pp 4 --kind data --kind tensor "
                          "--format json",
                          "rankmesh groups --convention vllm --world-size 16 --sizes tp=4,pp=2,dp=2",
                          "rankmesh groups --world-size 1048576 --tp 8 --pp 16 --format csv | head"}}),
        kinds_(*this),
        cluster_(*this),
        format_(add_format(*this, {"text", "json", "csv"})),
        all_(add_all(*this)) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const OptionReading reading = read_config(problems);
    const auto gpus_per_node = read_gpus_per_node(problems);
    const auto where = cluster_.read(reading, gpus_per_node, problems);
    GroupsRequest request{.kinds = kinds_.read(reading, problems),
                          .format = format_of(format_, problems),
                          .all = is_given(all_, problems),
                          .gpus_per_node = where ? std::nullopt : gpus_per_node,
                          .where = where,
                          .names = read_names(problems),
                          .listed_as = reading.listed_as};
    if (!problems.empty()) return {};
    return task_on(
        reading, request.gpus_per_node,
        [request](const Topology& topology, Writer& out, Style style) {
          print_groups(topology, request, out, style);
        },
        request.where);
  }

 private:
  KindsOption kinds_;
  ClusterOptions cluster_;
  const Option& format_;
  const Option& all_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_groups_command() {
  return std::make_unique<GroupsCommand>();
}

}  // namespace rankmesh::cli
