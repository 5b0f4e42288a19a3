#include "print/groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "json.hpp"
#include "rankmesh/output/rank_text.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/spans.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// Of more than `most_groups` groups, only the first `first_groups` are printed.
constexpr int most_groups = 16;
constexpr int first_groups = 8;

/// The groups of one kind, several on a line.
class FamilyText {
 public:
  FamilyText(const GroupFamily& family, bool all, std::size_t line_width)
      : family_(family),
        all_(all),
        list_width_(line_width - line_width / 5),
        shown_(all || family.group_count() <= most_groups ? family.group_count() : first_groups) {
    cell_width_ = cell_width() + 2;
    const std::size_t widest_label = label(shown_ - 1, shown_ - 1).size() * 2 + 1;
    const std::size_t room = line_width - std::min(line_width, widest_label + 2);
    // A power of two, so that the first group of a line has a round number.
    per_line_ = static_cast<int>(std::bit_floor(std::clamp<std::size_t>(room / cell_width_, 1, most_groups)));
    label_width_ = label((shown_ - 1) / per_line_ * per_line_, shown_ - 1).size();
  }

  void print(Writer& out, Style style) const {
    for (int first = 0; first < shown_; first += std::min(per_line_, shown_ - first)) {
      const int last = first + std::min(per_line_, shown_ - first) - 1;
      out.put(fmt::format("  {}", style.faint(fmt::format("{:<{}}", label(first, last), label_width_))));
      for (int group = first; group <= last; ++group) {
        out.put("  ");
        put_cell(out, group, group < last);
      }
      out.put('\n');
    }
    if (shown_ < family_.group_count()) {
      const int more = family_.group_count() - shown_;
      out.put(fmt::format(
          "  {}\n", style.faint(fmt::format("... and {} (--all prints them)", counted(more, "more group")))));
    }
  }

 private:
  [[nodiscard]] std::size_t cell_width() const {
    // Later groups have higher ranks, so the last one has the widest text.
    if (all_) return full_width(family_, shown_ - 1);
    std::size_t widest = 0;
    for (int group = 0; group < shown_; ++group) {
      widest = std::max(widest, list_text(family_, group, list_width_).size());
    }
    return widest;
  }

  [[nodiscard]] static std::string label(int first, int last) {
    return first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
  }

  void put_cell(Writer& out, int group, bool pad) const {
    if (all_ && per_line_ == 1) return put_whole_list(family_, group, out);
    const std::string text = all_ ? full_text(family_, group) : list_text(family_, group, list_width_);
    out.put(text);
    const std::size_t width = cell_width_ - 2;
    if (pad && text.size() < width) out.put(std::string(width - text.size(), ' '));
  }

  const GroupFamily& family_;
  bool all_;
  std::size_t list_width_;
  int shown_;
  int per_line_ = 1;
  std::size_t cell_width_ = 0;
  std::size_t label_width_ = 0;
};

std::string heading(const KindFamily& kind, const GroupsRequest& request) {
  const GroupFamily& family = kind.family;
  std::string text = std::string(name_of(kind, request.names)) + ": " + groups_text(family);
  if (family.group_size() > 1) text += ", pattern " + family.pattern();
  if (request.gpus_per_node) {
    text += ", " + nodes_text(family, block_span(family, *request.gpus_per_node));
  }
  if (request.where) {
    for (std::size_t level = 0; level + 1 < request.where->cluster.level_count(); ++level) {
      const LevelSpan span = level_span(family, request.where->cluster, request.where->placement, level);
      text += fmt::format(", {}s {}", request.where->cluster.level_name(level),
                          span.fewest == span.most ? fmt::format("{}", span.most)
                                                   : fmt::format("{}-{}", span.fewest, span.most));
    }
  }
  return text;
}

void print_text(const Topology& topology, const GroupsRequest& request, Writer& out, Style style) {
  for (const std::string& line : world_lines(topology, request.gpus_per_node)) {
    out.put(hanging(line, style.width()) + "\n");
  }
  for (const KindFamily* kind : wanted_kinds(topology, request.kinds)) {
    const std::string_view name = name_of(*kind, request.names);
    out.put("\n" + style.bold(name) + hanging(heading(*kind, request), style.width()).substr(name.size()) +
            "\n");
    FamilyText(kind->family, request.all, style.width()).print(out, style);
  }
}

/// The families that are listed under one name.
struct Listed {
  std::string name;
  std::vector<const GroupFamily*> families;
};

std::vector<Listed> listed_kinds(const Topology& topology, const GroupsRequest& request) {
  std::vector<Listed> result;
  for (const KindFamily* kind : wanted_kinds(topology, request.kinds)) {
    const auto other = request.listed_as.find(std::string(kind->kind.name()));
    const std::string name =
        other == request.listed_as.end() ? std::string(name_of(*kind, request.names)) : other->second;
    auto found = std::find_if(result.begin(), result.end(), [&](const Listed& l) { return l.name == name; });
    if (found == result.end()) found = result.insert(found, Listed{name, {}});
    found->families.push_back(&kind->family);
  }
  return result;
}

/// Writes `"name": [...]` for each kind, with an entry for each group.
template <typename Put>
void put_kinds_json(const Topology& topology, const GroupsRequest& request, Writer& out, Put put_entry) {
  std::string_view separator = "\n";
  for (const Listed& listed : listed_kinds(topology, request)) {
    out.put(fmt::format("{}  \"{}\": [", separator, listed.name));
    bool is_first = true;
    for (const GroupFamily* family : listed.families) {
      for (int group = 0; group < family->group_count(); ++group) {
        if (!is_first) out.put(',');
        is_first = false;
        put_entry(*family, group);
      }
    }
    out.put(']');
    separator = ",\n";
  }
  out.put("\n }");
}

void print_json(const Topology& topology, const GroupsRequest& request, Writer& out) {
  out.put(fmt::format("{{\"world_size\": {},\n \"config\": {},\n \"groups\": {{", topology.layout_size(),
                      config_json(topology.config())));
  put_kinds_json(topology, request, out,
                 [&](const GroupFamily& family, int group) { put_group_json(out, family, group); });
  if (request.gpus_per_node) {
    out.put(fmt::format(",\n \"gpus_per_node\": {},\n \"nodes\": {{", *request.gpus_per_node));
    put_kinds_json(topology, request, out, [&](const GroupFamily& family, int group) {
      put_nodes_json(out, family, group, *request.gpus_per_node);
    });
  }
  if (request.where) {
    out.put(",\n \"domains\": {");
    for (std::size_t level = 0; level + 1 < request.where->cluster.level_count(); ++level) {
      out.put(
          fmt::format("{}\n \"{}\": {{", level == 0 ? "" : ",", request.where->cluster.level_name(level)));
      put_kinds_json(topology, request, out, [&](const GroupFamily& family, int group) {
        out.put("[\"" + joined(request.where->domains(family, group, level), "\",\"") + "\"]");
      });
    }
    out.put("\n }");
  }
  out.put("}\n");
}

void print_csv(const Topology& topology, const GroupsRequest& request, Writer& out) {
  out.put(request.gpus_per_node ? "kind,group,ranks,nodes" : "kind,group,ranks");
  const std::size_t levels = request.where ? request.where->cluster.level_count() - 1 : 0;
  for (std::size_t level = 0; level < levels; ++level)
    out.put("," + request.where->cluster.level_name(level) + "s");
  out.put('\n');
  for (const KindFamily* kind : wanted_kinds(topology, request.kinds)) {
    const std::string name = std::string(name_of(*kind, request.names)) + ",";
    for (int group = 0; group < kind->family.group_count(); ++group) {
      out.put(name);
      out.number(group);
      char separator = ',';
      kind->family.group(group).for_each([&](int rank) {
        out.put(separator);
        out.number(rank);
        separator = ' ';
      });
      if (request.gpus_per_node) {
        separator = ',';
        for_each_block(kind->family, group, *request.gpus_per_node, [&](int node) {
          out.put(separator);
          out.number(node);
          separator = ' ';
          return true;
        });
      }
      for (std::size_t level = 0; level < levels; ++level) {
        out.put("," + joined(request.where->domains(kind->family, group, level), " "));
      }
      out.put('\n');
    }
  }
}

}  // namespace

std::vector<const KindFamily*> wanted_kinds(const Topology& topology, const std::vector<GroupKind>& kinds) {
  std::vector<const KindFamily*> result;
  for (const KindFamily& kind : topology.kinds()) {
    const bool is_named = std::find(kinds.begin(), kinds.end(), kind.kind) != kinds.end();
    if (kinds.empty() || is_named) result.push_back(&kind);
  }
  return result;
}

void put_whole_list(const GroupFamily& family, int group, Writer& out) {
  std::string_view separator = "[";
  family.group(group).for_each([&](int rank) {
    out.put(separator);
    out.number(rank);
    separator = ", ";
  });
  out.put(']');
}

void print_groups(const Topology& topology, const GroupsRequest& request, Writer& out, Style style) {
  switch (request.format) {
    case Format::text:
      return print_text(topology, request, out, style);
    case Format::json:
      return print_json(topology, request, out);
    case Format::csv:
      return print_csv(topology, request, out);
  }
}

}  // namespace rankmesh::cli
