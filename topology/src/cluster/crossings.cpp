#include "rankmesh/topology/crossings.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "cluster/crossing_remedy.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// The kinds that are judged unasked, by the names that conventions have for them, most traffic first.
constexpr std::array<std::array<std::string_view, 3>, 4> judged_kinds{{
    {"tensor", "tp", "model"},
    {"expert", "ep", "moe_ep"},
    {"sequence", "sp", "ulysses"},
    {"context", "cp", "dcp"},
}};

/// Whether the domains of a level can hold all groups of a family, each in one.
bool has_room(const GroupFamily& family, const Cluster& cluster, std::size_t level) {
  std::int64_t room = 0;
  if (const auto size = cluster.domain_size(level)) {
    room = std::int64_t{cluster.domain_count(level)} * (*size / family.group_size());
  } else {
    for (const int slots : cluster.domain_sizes(level)) room += slots / family.group_size();
  }
  return room >= family.group_count();
}

/// The fewest domains of a level that hold as many ranks as a group has.
int needed_domains(const GroupFamily& family, const Cluster& cluster, std::size_t level) {
  const std::int64_t largest = domain_sizes_of(cluster, level).largest;
  return static_cast<int>((family.group_size() + largest - 1) / largest);
}

/// The innermost level whose domains have room for all groups.
std::optional<std::size_t> level_with_room(const GroupFamily& family, const Cluster& cluster) {
  for (std::size_t level = cluster.level_count() - 1; level-- > 0;) {
    if (has_room(family, cluster, level)) return level;
  }
  return std::nullopt;
}

const KindFamily& require_kind(const Topology& topology, GroupKind kind) {
  static_cast<void>(topology.family(kind));  // throws, and lists the kinds
  return *topology.find_kind(kind);
}

std::size_t require_level(const Cluster& cluster, const std::string& name) {
  const auto level = cluster.find_level(name);
  if (level && *level + 1 < cluster.level_count()) return *level;
  std::vector<std::string> names;
  for (std::size_t i = 0; i + 1 < cluster.level_count(); ++i) names.push_back(cluster.level_name(i));
  throw RangeError("the cluster has no level " + name + " that groups could cross; it has " +
                   joined(names, ", "));
}

/// The kinds to judge, with the level of each.
std::vector<JudgedKind> judged(const Topology& topology, const Cluster& cluster,
                               std::span<const KindLevel> keep) {
  std::vector<JudgedKind> result;
  const auto is_listed = [&](const KindFamily& kind) {
    return std::any_of(result.begin(), result.end(), [&](const JudgedKind& other) {
      return other.kind == &kind || other.kind->family.same_groups(kind.family);
    });
  };
  for (const auto& [kind, level] : keep) {
    const KindFamily& found = require_kind(topology, kind);
    const std::size_t number = require_level(cluster, level);
    result.push_back({.kind = &found,
                      .level = number,
                      .needed = needed_domains(found.family, cluster, number),
                      .is_asked_for = true});
  }
  for (const auto& names : judged_kinds) {
    const KindFamily* kind = nullptr;
    for (const std::string_view name : names) {
      if (kind == nullptr) kind = topology.find_kind(GroupKind(name));
    }
    if (kind == nullptr || kind->family.group_size() < 2 || is_listed(*kind)) continue;
    const auto level = level_with_room(kind->family, cluster);
    if (level) {
      result.push_back({.kind = kind, .level = *level});
    } else if (kind->kind == GroupKind::tensor) {
      const std::size_t innermost = cluster.level_count() - 2;
      result.push_back({.kind = kind,
                        .level = innermost,
                        .needed = needed_domains(kind->family, cluster, innermost),
                        .is_asked_for = true});
    }
  }
  return result;
}

/// An axis as an order of Megatron-Core names it: the order has no words for the axes of experts alone.
std::string name_in_order(const std::string& axis) {
  return axis == "etp" ? "tp" : axis == "edp" ? "dp" : axis;
}

/// Sets the cause, with the axes that vary faster.
void explain(const Topology& topology, const KindFamily& kind, bool identity_helps, Crossing& crossing) {
  if (crossing.needed > 1) {
    crossing.cause = CrossingCause::room;
    return;
  }
  if (identity_helps) {
    crossing.cause = CrossingCause::placement;
    return;
  }
  crossing.cause = CrossingCause::size;
  if (kind.derivation != Derivation::whole) return;
  for (const Axis& axis : topology.meshes()[kind.mesh].axes()) {
    if (axis.size == 1) continue;
    if (std::find(kind.varying.begin(), kind.varying.end(), axis.name) != kind.varying.end()) {
      crossing.axis = name_in_order(axis.name);
      break;
    }
    crossing.faster_axes.push_back(name_in_order(axis.name));
  }
  if (!crossing.faster_axes.empty()) crossing.cause = CrossingCause::order;
}

}  // namespace

std::vector<Crossing> crossings(const Topology& topology, const Cluster& cluster, const Placement& placement,
                                std::span<const KindLevel> keep) {
  std::vector<Crossing> result;
  std::vector<JudgedKind> kinds = judged(topology, cluster, keep);
  for (std::size_t number = 0; number < kinds.size(); ++number) {
    const JudgedKind& judged = kinds[number];
    const GroupFamily& family = judged.kind->family;
    const LevelSpan span = level_span(family, cluster, placement, judged.level);
    const int most = span.most;
    kinds[number].allowed = most;
    // A group that no domain has room for is named even if it touches no more than it needs.
    if (most <= judged.needed && judged.needed == 1) continue;
    Crossing crossing{.kind = judged.kind->kind, .level = judged.level, .needed = judged.needed};
    RemedySearch search(topology, cluster, placement, {kinds.data(), number + 1});
    crossing.remedy = search.run();
    if (!crossing.remedy && !judged.is_asked_for) continue;
    crossing.span = span;
    explain(topology, *judged.kind, search.identity_helps(), crossing);
    if (crossing.remedy) {
      // It leaves what was found to help before within what it needs, so that it helps there too.
      for (Crossing& earlier : result) {
        if (earlier.remedy && earlier.needed == 1) earlier.remedy = crossing.remedy;
      }
      kinds[number].allowed = judged.needed;
    }
    result.push_back(std::move(crossing));
  }
  return result;
}

std::string to_text(const Crossing& crossing, const Topology& topology, const Cluster& cluster,
                    const Placement& placement) {
  const GroupFamily& family = topology.family(crossing.kind);
  const std::string& level = cluster.level_name(crossing.level);
  const std::string groups = counted(family.group_count(), "group");
  std::string text(crossing.kind.name());
  const std::string size = counted(family.group_size(), "rank");
  if (crossing.cause == CrossingCause::room) {
    text += " groups of " + size + " have no room in " + with_article(level) + ": each touches " +
            (crossing.span.fewest == crossing.span.most ? "" : "up to ") + counted(crossing.span.most, level);
    return text;
  }
  text += " groups cross " + level + "s though one has room for a group: ";
  text += std::to_string(crossing.span.crossing_groups) + " of " + groups + " of " + size + " touch up to ";
  text += counted(crossing.span.most, level);
  constexpr std::size_t most_names = 4;
  const std::vector<int> domains =
      domains_of_group(family, crossing.span.worst_group, cluster, placement, crossing.level);
  std::vector<std::string> names;
  for (const int domain : domains) {
    if (names.size() == most_names) break;
    names.push_back(cluster.domain_name(crossing.level, domain));
  }
  text += ", for example group " + std::to_string(crossing.span.worst_group) + " on " + joined(names, ", ");
  if (domains.size() > names.size())
    text += " and " + std::to_string(domains.size() - names.size()) + " more";
  switch (crossing.cause) {
    case CrossingCause::placement:
      return text + "; the placement has put ranks that follow each other on different " + level + "s";
    case CrossingCause::order:
      return text + "; the order puts " + joined(crossing.faster_axes, " and ") + " inside " + crossing.axis;
    default:
      return text + "; borders between " + level + "s lie inside groups of ranks that follow each other";
  }
}

}  // namespace rankmesh
