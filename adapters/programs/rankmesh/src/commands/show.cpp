#include <fmt/format.h>

#include "layout_command.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/output/rank_text.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/spans.hpp"
#include "rankmesh/topology/text.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::size_t line_width = 100;

struct ShowRequest {
  std::optional<int> gpus_per_node{};
  Names names = Names::of_rankmesh;
};

std::string span_text(BlockSpan span) {
  return span.fewest == span.most ? fmt::format("{}", span.most)
                                  : fmt::format("{}-{}", span.fewest, span.most);
}

/// The first kind before this one that has the same lists.
const KindFamily* same_lists(const Topology& topology, const KindFamily& kind) {
  for (const KindFamily& earlier : topology.kinds()) {
    if (&earlier == &kind) break;
    if (earlier.family.same_groups(kind.family)) return &earlier;
  }
  return nullptr;
}

std::string note(const Topology& topology, const KindFamily& kind, Names names) {
  const GroupFamily& family = kind.family;
  std::vector<std::string> notes;
  if (family.member_count() < topology.layout_size()) {
    notes.push_back("only " + counted(family.member_count(), "rank"));
  } else if (family.group_size() == 1) {
    notes.emplace_back("single ranks");
  } else if (const KindFamily* same = same_lists(topology, kind)) {
    notes.push_back(fmt::format("as {}", name_of(*same, names)));
  }
  if (kind.kind == GroupKind::data && topology.config().distributed_optimizer) {
    notes.emplace_back("host-side too");
  }
  return joined(notes, "; ");
}

/// How much of the groups a table shows.
struct Shown {
  /// The widest list of ranks.
  std::size_t list_width = 30;
  bool last_group = true;
};

Table summary(const Topology& topology, const ShowRequest& request, Shown shown) {
  using Align = Table::Align;
  Table table({{"kind"},
               {"groups", Align::right},
               {"size", Align::right},
               {"pattern"},
               {"nodes", Align::right},
               {"first group"},
               {"last group"},
               {"note"}});
  for (const KindFamily& kind : topology.kinds()) {
    const GroupFamily& family = kind.family;
    Table::Cell nodes;
    if (request.gpus_per_node) {
      const BlockSpan span = block_span(family, *request.gpus_per_node);
      const bool crosses = kind.kind == GroupKind::tensor && span.most > 1;
      nodes = {span_text(span), crosses ? Table::Colour::red : Table::Colour::none};
    }
    table.add({{std::string(name_of(kind, request.names)), Table::Colour::cyan},
               {fmt::format("{}", family.group_count())},
               {fmt::format("{}", family.group_size())},
               {family.pattern()},
               nodes,
               {short_list_text(family, 0, shown.list_width)},
               {shown.last_group ? short_list_text(family, family.group_count() - 1, shown.list_width) : ""},
               {note(topology, kind, request.names)}});
  }
  return table;
}

/// The number of communicators of a plan, and of one for every group of every kind.
std::string communicators_text(const Topology& topology) {
  const CommunicatorPlan plan(topology);
  std::int64_t groups = 0;
  for (const KindFamily& kind : topology.kinds()) groups += kind.family.group_count();
  return fmt::format(
      "communicators: at most {} per rank, made in {}; the reference creates one for each of\n"
      "{}, at most {} per rank, and every rank takes part in all of them",
      plan.steps().size(), counted(static_cast<long long>(plan.steps().size()), "step"),
      counted(groups, "group"), topology.kinds().size());
}

void print_summary(const Topology& topology, const ShowRequest& request, Writer& out, Style style) {
  out.put(joined(world_lines(topology, request.gpus_per_node), "\n") + "\n");
  out.put("configuration: " + to_string(topology.config()) + "\n\n");

  // Lists are shortened until the lines fit; if that is not enough, the last groups are left out.
  Shown shown;
  const auto is_too_wide = [&] { return summary(topology, request, shown).width() > line_width + 2; };
  while (shown.list_width > 10 && is_too_wide()) --shown.list_width;
  shown.last_group = !is_too_wide();
  summary(topology, request, shown).print(out, style);
  out.put("\n" + communicators_text(topology) + "\n");
  out.put(style.faint("pattern: size:stride pairs, the fastest first; @ the positions picked. "
                      "See rankmesh show --help.") +
          "\n");
}

class ShowCommand : public LayoutCommand {
 public:
  ShowCommand()
      : LayoutCommand(
            {.name = "show",
             .summary = "A summary: one line for every kind of group",
             .notes = {{"The pattern of a group is a list of pairs size:stride, the fastest first:",
                        {{"8:1", "8 consecutive ranks"},
                         {"4:16", "4 ranks, 16 apart"},
                         {"2:1 4:4", "4 times 2 consecutive ranks, 4 apart: 0 1, 4 5, 8 9, 12 13"},
                         {"4:4@0,3", "the members at positions 0 and 3 of a group with the pattern 4:4"},
                         {"-", "a single rank"}}}},
             .examples = {"rankmesh show --world-size 16 --tp 2 --pp 4",
                          "rankmesh show --world-size 1024 --tp 8 --pp 16 --fp8 --gpus-per-node 8"}}) {}

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

std::unique_ptr<RunnableCommand> make_show_command() {
  return std::make_unique<ShowCommand>();
}

}  // namespace rankmesh::cli
