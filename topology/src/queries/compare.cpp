#include "rankmesh/topology/compare.hpp"

#include <algorithm>

#include "rankmesh/topology/kind_names.hpp"

namespace rankmesh {
namespace {

const KindFamily* find_long(const Topology& topology, GroupKind long_name) {
  const auto kinds = topology.kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const KindFamily& kind) {
    return long_name_of(kind.kind) == long_name;
  });
  return found == kinds.end() ? nullptr : &*found;
}

/// The group of a rank as a list; empty if the rank is in no group.
std::vector<int> list_of(const GroupFamily& family, int rank) {
  const auto place = family.locate(rank);
  return place ? family.group(place->group).to_vector() : std::vector<int>();
}

/// The first rank whose group has other members in b than in a, or another order of members.
std::optional<GroupDifference> first_difference(const GroupFamily& a, const GroupFamily& b) {
  const int end = std::max(a.world_size(), b.world_size());
  for (int rank = 0; rank < end; ++rank) {
    const auto in_a = a.locate(rank);
    const auto in_b = b.locate(rank);
    if (!in_a && !in_b) continue;
    // Both groups have been compared already at an earlier member.
    if (in_a && in_b && in_a->position == in_b->position && a.group(in_a->group).front() < rank &&
        b.group(in_b->group).front() < rank) {
      continue;
    }
    if (in_a && in_b && a.group(in_a->group) == b.group(in_b->group)) continue;
    return GroupDifference{rank, list_of(a, rank), list_of(b, rank)};
  }
  return std::nullopt;
}

bool has_same_order(const GroupFamily& a, const GroupFamily& b) {
  if (a.group_count() != b.group_count()) return false;
  for (int group = 0; group < a.group_count(); ++group) {
    if (!(a.group(group) == b.group(group))) return false;
  }
  return true;
}

KindComparison compare_families(const KindFamily& a, const KindFamily& b) {
  KindComparison result{.in_a = a.kind, .in_b = b.kind};
  if (a.family == b.family) {
    result.equal = true;
    return result;
  }
  result.first = first_difference(a.family, b.family);
  if (result.first) return result;
  result.equal = has_same_order(a.family, b.family);
  result.same_but_order = !result.equal;
  return result;
}

}  // namespace

std::vector<KindComparison> compare(const Topology& a, const Topology& b) {
  std::vector<KindComparison> result;
  for (const KindFamily& kind : a.kinds()) {
    if (const KindFamily* other = find_long(b, long_name_of(kind.kind))) {
      result.push_back(compare_families(kind, *other));
    } else {
      result.push_back({.in_a = kind.kind});
    }
  }
  for (const KindFamily& kind : b.kinds()) {
    if (find_long(a, long_name_of(kind.kind)) == nullptr) result.push_back({.in_b = kind.kind});
  }
  return result;
}

bool agree(const std::vector<KindComparison>& comparisons) noexcept {
  bool compared = false;
  for (const KindComparison& kind : comparisons) {
    if (!kind.in_a || !kind.in_b) continue;
    if (!kind.equal) return false;
    compared = true;
  }
  return compared;
}

}  // namespace rankmesh
