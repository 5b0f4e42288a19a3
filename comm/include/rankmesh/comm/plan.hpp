#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/kind_selection.hpp"
#include "rankmesh/topology/topology.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// Options of a plan. Kinds may be named by their short names too.
struct PlanOptions {
  /// The kinds that get communicators. The others are described as usual, but have none.
  KindSelection only = KindSelection::all();
  /// The kinds whose groups of one member get a communicator too, so that code which communicates in a group
  /// works with every size. Without it, groups of one have none.
  KindSelection groups_of_one{};
  /// The kinds whose communicators are not made by the bring-up, but later, when the members of a group call
  /// `make`. A kind with the same groups, key and options as a kind outside of this selection shares the
  /// communicator of that kind, and is made by the bring-up.
  KindSelection lazy{};
  /// Kinds share a communicator only if their keys are equal. Give a kind a key of its own to get a
  /// communicator of its own, for example to overlap its traffic with that of other kinds. Kinds without an
  /// entry have the key "".
  std::map<GroupKind, std::string> sharing_keys{};
  /// The options of the communicators of a kind, as text. Kinds share a communicator only if the texts are
  /// equal. Kinds without an entry have "", the defaults.
  std::map<GroupKind, std::string> communicator_options{};

  bool operator==(const PlanOptions&) const = default;
};

/// One step: makes the communicators of all groups of one family.
struct PlanStep {
  /// The kind the step is named after, the first of `shared_by`.
  GroupKind kind;
  /// The kinds that use these communicators, in the order of creation.
  std::vector<GroupKind> shared_by;
  /// The sharing key of these kinds.
  std::string sharing_key{};
  /// Their options as text, see `PlanOptions`.
  std::string communicator_options{};
  /// The number of groups; a rank is in at most one.
  int group_count = 0;
  /// The size of each group, at least two unless `PlanOptions::groups_of_one` has the kind.
  int group_size = 0;
  /// Whether every rank is in a group; if not, some ranks take part without a color.
  bool covers_world = true;

  bool operator==(const PlanStep&) const = default;
};

/// The step that makes the communicators of one kind.
struct PlannedKind {
  /// The kind.
  GroupKind kind;
  /// The step; nothing for a kind that has no communicators.
  std::optional<std::size_t> step{};
  /// Whether the step is named after another kind.
  bool is_shared = false;
  /// Whether `PlanOptions::only` lacks the kind, so that it has no step.
  bool is_left_out = false;
  /// For a kind that is made later, see `PlanOptions::lazy`: the first such kind with the same groups, key
  /// and options. They share the communicator.
  std::optional<GroupKind> made_later_as{};

  bool operator==(const PlannedKind&) const = default;
};

/// One step as one rank carries it out.
struct RankStep {
  /// The index of the step in `CommunicatorPlan::steps()`.
  std::size_t step = 0;
  /// The kind.
  GroupKind kind;
  /// The group of this rank, which is the color of a split; nothing for a rank in no group, which takes part
  /// without a color.
  std::optional<int> group{};
  /// The position in the group, which is the key of a split; 0 for a rank in no group.
  int position = 0;
  /// The size of the group; 0 for a rank in no group.
  int size = 0;
  /// The first member of the group, as a rank of the world; -1 for a rank in no group.
  int leader = -1;

  bool operator==(const RankStep&) const = default;
};

/// Which communicators to make, in which order: plain data that follows from the topology and the options
/// alone, so every rank has the same plan without a message.
///
/// Every rank carries out the same steps in the same order. The groups of a step are disjoint, and a step is
/// at most one collective call, so there is no deadlock. Kinds whose groups have the same members in the same
/// order share one step; groups of one have none unless the options ask for it.
class CommunicatorPlan {
 public:
  /// O(kinds^2), independent of the world size.
  /// @throws RangeError if the options name a kind that the topology does not have
  explicit CommunicatorPlan(Topology topology, PlanOptions options = {});

  /// The topology of the plan.
  [[nodiscard]] const Topology& topology() const& noexcept { return topology_; }
  const Topology& topology() const&& = delete;
  /// The options of the plan.
  [[nodiscard]] const PlanOptions& options() const& noexcept { return options_; }
  const PlanOptions& options() const&& = delete;
  /// The steps in the order to carry them out.
  [[nodiscard]] std::span<const PlanStep> steps() const& noexcept { return steps_; }
  std::span<const PlanStep> steps() const&& = delete;
  /// Every kind of the topology, in the order of creation.
  [[nodiscard]] std::span<const PlannedKind> kinds() const& noexcept { return kinds_; }
  std::span<const PlannedKind> kinds() const&& = delete;
  /// A kind by its name or short name.
  /// @throws RangeError if the topology has no such kind
  [[nodiscard]] const PlannedKind& kind(GroupKind kind) const&;
  const PlannedKind& kind(GroupKind kind) const&& = delete;
  /// The kinds that share the communicator of a kind that is made later, itself among them, in the order of
  /// creation.
  /// @throws RangeError if the topology has no such kind
  [[nodiscard]] std::vector<GroupKind> made_later_with(GroupKind kind) const;
  /// The step whose only group is the whole world, in the order of the ranks, without a key or options of its
  /// own: an existing communicator over the world can be used for it. Nothing if there is no such step.
  [[nodiscard]] std::optional<std::size_t> world_step() const noexcept { return world_step_; }

  /// The steps as one rank carries them out, one for each of `steps()`. O(steps), independent of the world
  /// size.
  /// @throws RangeError if there is no such rank
  [[nodiscard]] std::vector<RankStep> for_rank(int rank) const;
  /// The number of communicators of a rank.
  /// @throws RangeError if there is no such rank
  [[nodiscard]] int communicator_count(int rank) const;

  /// One line for each step and each kind without one; equal plans print equal text on every platform.
  [[nodiscard]] std::string to_string() const;
  /// A 64-bit hash, identical on all platforms; different plans collide with probability about 2^-64. It
  /// covers the groups themselves, not only their number.
  [[nodiscard]] std::uint64_t digest() const;

  /// Plans are equal if their topologies and options are.
  bool operator==(const CommunicatorPlan& other) const {
    return topology_ == other.topology_ && options_ == other.options_;
  }

 private:
  /// Adds the step of a kind, unless it has none or shares one.
  [[nodiscard]] PlannedKind plan_kind(const KindFamily& candidate);
  [[nodiscard]] bool has_communicators(const KindFamily& kind) const;
  /// The value of `PlannedKind::made_later_as`.
  [[nodiscard]] std::optional<GroupKind> first_lazy_kind(const KindFamily& candidate) const;

  Topology topology_;
  PlanOptions options_;
  std::vector<PlanStep> steps_;
  std::vector<PlannedKind> kinds_;
  std::optional<std::size_t> world_step_{};
};

}  // namespace rankmesh
