#include <fmt/format.h>

#include <algorithm>

#include "commands.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/output/rank_text.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/spans.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::size_t line_width = 100;

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
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (family.member_count() < topology.layout_size()) {
    add("only " + counted(family.member_count(), "rank"));
  } else if (family.group_size() == 1) {
    add("single ranks");
  } else if (const KindFamily* same = same_lists(topology, kind)) {
    add(fmt::format("as {}", name_of(*same, names)));
  }
  if (kind.kind == GroupKind::data && topology.config().distributed_optimizer) add("host-side too");
  return text;
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

/// How many communicators it takes, beside one for every group of every kind.
std::string communicators_text(const Topology& topology) {
  const CommunicatorPlan plan(topology);
  std::int64_t groups = 0;
  for (const KindFamily& kind : topology.kinds()) groups += kind.family.group_count();
  return fmt::format(
      "communicators: at most {} per rank, made in {}; the reference way creates one for\n"
      "each of {}, at most {} per rank, every rank taking part in all of them",
      plan.steps().size(), counted(static_cast<long long>(plan.steps().size()), "step"),
      counted(groups, "group"), topology.kinds().size());
}

}  // namespace

std::vector<std::string> placement_warnings(const Topology& topology, int gpus_per_node) {
  std::vector<std::string> result;
  if (const GroupFamily* tensor = topology.find(GroupKind::tensor)) {
    const BlockSpan span = block_span(*tensor, gpus_per_node);
    if (span.most > 1) {
      result.push_back(
          fmt::format("tensor groups cross nodes: the {} ranks of a group lie on {}{} nodes of {}, though "
                      "they exchange the most "
                      "data; choose a --tp that divides {}",
                      tensor->group_size(), span.fewest == span.most ? "" : "up to ", span.most,
                      counted(gpus_per_node, "GPU"), gpus_per_node));
    }
  }
  if (const int rest = topology.world_size() % gpus_per_node; rest != 0) {
    result.push_back(fmt::format("the last node is not full: {} of its {} used, since {} does not divide {}",
                                 rest, gpus_per_node == 1 ? "GPU" : fmt::format("{} GPUs are", gpus_per_node),
                                 gpus_per_node, topology.world_size()));
  }
  return result;
}

void print_summary(const Topology& topology, const ShowRequest& request, Writer& out, Style style) {
  out.put(world_text(topology, request.gpus_per_node) + "\n");
  out.put("configuration: " + to_string(topology.config()) + "\n\n");

  // Wide lists give way until the lines fit, and where that is not enough the last groups do.
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

}  // namespace rankmesh::cli
