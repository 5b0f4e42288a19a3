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

std::string names(std::span<const GroupKind> kinds) {
  return joined(kinds, ", ", [](const GroupKind& kind) { return kind.name(); });
}

}  // namespace

CommunicatorPlan::CommunicatorPlan(Topology topology, PlanOptions options)
    : topology_(std::move(topology)),
      options_(std::move(options)) {
  for (const auto& [kind, key] : options_.sharing_keys) static_cast<void>(topology_.family(kind));
  for (const auto& [kind, text] : options_.communicator_options) static_cast<void>(topology_.family(kind));

  steps_.reserve(topology_.kinds().size());
  kinds_.reserve(topology_.kinds().size());
  for (const KindFamily& candidate : topology_.kinds()) {
    const GroupFamily& family = candidate.family;
    if (family.group_size() == 1) {
      kinds_.push_back({.kind = candidate.kind, .is_shared = false});
      continue;
    }
    const std::string key = text_of(options_.sharing_keys, candidate.kind);
    const std::string made_with = text_of(options_.communicator_options, candidate.kind);
    const auto same = std::find_if(steps_.begin(), steps_.end(), [&](const PlanStep& step) {
      return step.sharing_key == key && step.communicator_options == made_with &&
             topology_.family(step.kind).same_groups(family);
    });
    const auto step = static_cast<std::size_t>(same - steps_.begin());
    kinds_.push_back({.kind = candidate.kind, .step = step, .is_shared = same != steps_.end()});
    if (same != steps_.end()) {
      same->shared_by.push_back(candidate.kind);
    } else {
      if (key.empty() && made_with.empty() && is_world(family)) world_step_ = steps_.size();
      steps_.push_back({.kind = candidate.kind,
                        .shared_by = {candidate.kind},
                        .sharing_key = key,
                        .communicator_options = made_with,
                        .group_count = family.group_count(),
                        .group_size = family.group_size(),
                        .covers_world = family.covers_world()});
    }
  }
}

const PlannedKind& CommunicatorPlan::kind(GroupKind kind) const& {
  static_cast<void>(topology_.family(kind));  // throws for an unknown kind, listing those there are
  // The kind may be given by its short name.
  const GroupKind name = topology_.find_kind(kind)->kind;
  return *std::find_if(kinds_.begin(), kinds_.end(), [&](const PlannedKind& k) { return k.kind == name; });
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
    if (!kind.step) text += "no communicator: " + std::string(kind.kind.name()) + ": groups of one\n";
  }
  return text;
}

std::uint64_t CommunicatorPlan::digest() const {
  std::string text = "rankmesh plan 2\n" + to_string();
  for (const PlanStep& step : steps_) text += topology_.family(step.kind).to_string() + "\n";
  return fnv1a(text);
}

}  // namespace rankmesh
