#include "rankmesh/comm/plan.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// FNV-1a of 64 bits. It is defined on bytes, so it is the same on all platforms.
std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char byte : bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 1099511628211U;
  }
  return hash;
}

std::string text_of(const std::map<GroupKind, std::string>& texts, GroupKind kind) {
  const auto found = texts.find(kind);
  return found == texts.end() ? "" : found->second;
}

/// Whether the only group is the world, in the order of the ranks.
bool is_world(const GroupFamily& family) {
  const Digit all{.size = family.world_size(), .stride = 1};
  return family == GroupFamily(Grouping(std::span(&all, 1), {}));
}

template <typename Kinds>
std::string names(const Kinds& kinds) {
  return joined(kinds, ", ", [](const GroupKind& kind) { return kind.name(); });
}

/// The name of a kind that may be given by its short name.
/// @throws RangeError if the topology has no such kind
GroupKind full_name(const Topology& topology, GroupKind kind) {
  static_cast<void>(topology.family(kind));  // throws, listing the kinds there are
  return topology.find_kind(kind)->kind;
}

KindSelection with_full_names(const Topology& topology, const KindSelection& selection) {
  if (selection.is_all()) return selection;
  std::set<GroupKind> kinds;
  for (const GroupKind& kind : selection.kinds()) kinds.insert(full_name(topology, kind));
  return KindSelection(std::move(kinds));
}

std::map<GroupKind, std::string> with_full_names(const Topology& topology,
                                                 const std::map<GroupKind, std::string>& texts) {
  std::map<GroupKind, std::string> result;
  for (const auto& [kind, text] : texts) result[full_name(topology, kind)] = text;
  return result;
}

/// The options with the full names of kinds.
PlanOptions with_full_names(const Topology& topology, const PlanOptions& options) {
  return {.only = with_full_names(topology, options.only),
          .groups_of_one = with_full_names(topology, options.groups_of_one),
          .lazy = with_full_names(topology, options.lazy),
          .sharing_keys = with_full_names(topology, options.sharing_keys),
          .communicator_options = with_full_names(topology, options.communicator_options)};
}

}  // namespace

std::string KindSelection::to_string() const {
  if (is_all_) return "all";
  return kinds_.empty() ? "none" : names(kinds_);
}

CommunicatorPlan::CommunicatorPlan(Topology topology, PlanOptions options)
    : topology_(std::move(topology)),
      options_(with_full_names(topology_, options)) {
  steps_.reserve(topology_.kinds().size());
  kinds_.reserve(topology_.kinds().size());
  for (const KindFamily& candidate : topology_.kinds()) kinds_.push_back(plan_kind(candidate));
}

PlannedKind CommunicatorPlan::plan_kind(const KindFamily& candidate) {
  const GroupKind kind = candidate.kind;
  const GroupFamily& family = candidate.family;
  if (!options_.only.contains(kind)) return {.kind = kind, .is_left_out = true};
  if (!has_communicators(candidate)) return {.kind = kind};
  if (const std::optional<GroupKind> first = first_lazy_kind(candidate)) {
    return {.kind = kind, .is_shared = *first != kind, .made_later_as = first};
  }
  const std::string key = text_of(options_.sharing_keys, kind);
  const std::string made_with = text_of(options_.communicator_options, kind);
  const auto same = std::find_if(steps_.begin(), steps_.end(), [&](const PlanStep& step) {
    return step.sharing_key == key && step.communicator_options == made_with &&
           topology_.family(step.kind).same_groups(family);
  });
  const auto step = static_cast<std::size_t>(same - steps_.begin());
  if (same != steps_.end()) {
    same->shared_by.push_back(kind);
    return {.kind = kind, .step = step, .is_shared = true};
  }
  if (key.empty() && made_with.empty() && is_world(family)) world_step_ = step;
  steps_.push_back({.kind = kind,
                    .shared_by = {kind},
                    .sharing_key = key,
                    .communicator_options = made_with,
                    .group_count = family.group_count(),
                    .group_size = family.group_size(),
                    .covers_world = family.covers_world()});
  return {.kind = kind, .step = step};
}

bool CommunicatorPlan::has_communicators(const KindFamily& kind) const {
  return options_.only.contains(kind.kind) &&
         (kind.family.group_size() > 1 || options_.groups_of_one.contains(kind.kind));
}

std::optional<GroupKind> CommunicatorPlan::first_lazy_kind(const KindFamily& candidate) const {
  const auto shares = [&](const KindFamily& other) {
    const auto is_equal = [&](const std::map<GroupKind, std::string>& texts) {
      return text_of(texts, candidate.kind) == text_of(texts, other.kind);
    };
    return has_communicators(other) && is_equal(options_.sharing_keys) &&
           is_equal(options_.communicator_options) && other.family.same_groups(candidate.family);
  };
  std::optional<GroupKind> first;
  for (const KindFamily& other : topology_.kinds()) {
    if (options_.lazy == KindSelection() || !shares(other)) continue;
    if (!options_.lazy.contains(other.kind)) return std::nullopt;
    if (!first) first = other.kind;
  }
  return first;
}

const PlannedKind& CommunicatorPlan::kind(GroupKind kind) const& {
  const GroupKind name = full_name(topology_, kind);
  return *std::find_if(kinds_.begin(), kinds_.end(), [&](const PlannedKind& k) { return k.kind == name; });
}

std::vector<GroupKind> CommunicatorPlan::made_later_with(GroupKind kind) const {
  std::vector<GroupKind> result;
  const std::optional<GroupKind> first = this->kind(kind).made_later_as;
  for (const PlannedKind& other : kinds_) {
    if (first && other.made_later_as == first) result.push_back(other.kind);
  }
  return result;
}

std::vector<RankStep> CommunicatorPlan::for_rank(int rank) const {
  if (rank < 0 || rank >= topology_.world_size()) {
    throw RangeError("rank " + std::to_string(rank) + " does not exist: the world has " +
                     counted(topology_.world_size(), "rank"));
  }
  std::vector<RankStep> result;
  result.reserve(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const GroupFamily& family = topology_.family(steps_[i].kind);
    RankStep step{.step = i, .kind = steps_[i].kind};
    if (const auto place = family.locate(rank)) {
      step.group = place->group;
      step.position = place->position;
      step.size = family.group_size();
      step.leader = family.rank_at({place->group, 0});
    }
    result.push_back(step);
  }
  return result;
}

int CommunicatorPlan::communicator_count(int rank) const {
  const std::vector<RankStep> steps = for_rank(rank);
  return static_cast<int>(
      std::count_if(steps.begin(), steps.end(), [](const RankStep& s) { return s.group.has_value(); }));
}

std::string CommunicatorPlan::to_string() const {
  std::string text;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const PlanStep& step = steps_[i];
    text += "step " + std::to_string(i) + ": " + names(step.shared_by) + ": " +
            counted(step.group_count, "group") + " of " + std::to_string(step.group_size);
    if (!step.covers_world) text += ", other ranks without a color";
    if (!step.sharing_key.empty()) text += ", sharing key \"" + step.sharing_key + "\"";
    if (!step.communicator_options.empty()) text += ", made with " + step.communicator_options;
    text += '\n';
  }
  for (const PlannedKind& kind : kinds_) {
    if (kind.step) continue;
    const std::string name(kind.kind.name());
    if (kind.made_later_as) {
      text += "made later: " + name;
      if (kind.is_shared) text.append(", with ").append(kind.made_later_as->name());
      text += '\n';
    } else {
      text += "no communicator: " + name + (kind.is_left_out ? ": left out\n" : ": groups of one\n");
    }
  }
  return text;
}

std::uint64_t CommunicatorPlan::digest() const {
  std::string text = "rankmesh plan 2\n" + to_string();
  for (const PlanStep& step : steps_) text += topology_.family(step.kind).to_string() + "\n";
  return fnv1a(text);
}

}  // namespace rankmesh
