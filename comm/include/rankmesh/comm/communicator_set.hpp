#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/plan.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// An owning handle of one communicator, as an adapter provides it. It is move-only, an empty handle frees
/// nothing, and `native()` is the communicator of the adapted library.
template <typename T>
concept CommunicatorHandle =
    std::movable<T> && std::default_initializable<T> && !std::copyable<T> && requires(const T& handle) {
  typename T::Native;
  { handle.native() } -> std::same_as<typename T::Native>;
  { handle.is_empty() } -> std::same_as<bool>;
};

/// Why a rank has no communicator of a kind.
enum class Absence {
  /// It has one.
  none,
  /// It is in no group of the kind.
  in_no_group,
  /// Its group has one member, and `PlanOptions::groups_of_one` lacks the kind.
  group_of_one,
  /// `PlanOptions::only` lacks the kind.
  left_out,
  /// `PlanOptions::lazy` has the kind, and it was not made yet.
  not_made,
};

/// Why a rank has no communicator of a kind, and what to do.
[[nodiscard]] std::string describe(Absence absence, GroupKind kind);

/// The communicator of a kind and the place of this rank in it: a view that owns nothing, valid as long as
/// the set.
template <typename Native>
struct GroupCommunicator {
  /// The kind.
  GroupKind kind;
  /// The group of this rank; nothing for a rank in no group of the kind.
  std::optional<int> group{};
  /// The position in the group; 0 for a rank in no group.
  int position = 0;
  /// The size of the group; 0 for a rank in no group.
  int size = 0;
  /// The communicator; nothing for a rank in no group, for a kind that the options leave out or that is not
  /// made yet, and for a group of one member, unless the options ask for it.
  std::optional<Native> communicator{};
  /// Why there is no communicator.
  Absence absence = Absence::in_no_group;

  /// Whether this rank is in a group of the kind.
  [[nodiscard]] bool is_member() const noexcept { return group.has_value(); }
  /// Whether there is a communicator.
  [[nodiscard]] bool has_communicator() const noexcept { return communicator.has_value(); }
  /// The next position, as a rank in this communicator; nothing for the last member and for a rank in no
  /// group. In a pipeline group: the next stage.
  [[nodiscard]] std::optional<int> next() const noexcept {
    return position + 1 < size ? std::optional(position + 1) : std::nullopt;
  }
  /// The previous position; nothing for the first member and for a rank in no group.
  [[nodiscard]] std::optional<int> previous() const noexcept {
    return position > 0 ? std::optional(position - 1) : std::nullopt;
  }
  /// The communicator.
  /// @throws StateError if there is none, saying why
  [[nodiscard]] Native native() const {
    if (communicator) return *communicator;
    throw StateError(describe(absence, kind));
  }
};

/// The communicators of one rank: one for each step of the plan, shared by the kinds that may share it, freed
/// in the reverse order of creation.
template <CommunicatorHandle Handle>
class CommunicatorSet {
 public:
  /// The communicator type of the adapted library.
  using Native = typename Handle::Native;

  /// Calls `maker` for each step of the plan.
  /// @param plan kept as long as the set
  /// @param maker called with each `RankStep` in order, also with those in which this rank has no group.
  ///        Returns the handle, an empty one if the rank has no group
  /// @collective as the maker is
  template <std::invocable<const RankStep&> Maker>
  CommunicatorSet(std::shared_ptr<const CommunicatorPlan> plan, int rank, Maker&& maker)
      : plan_(std::move(plan)),
        steps_(plan_->for_rank(rank)),
        rank_(rank) {
    for (const RankStep& step : steps_) handles_.push(maker(step));
  }
  /// The same for a plan that is not shared.
  template <std::invocable<const RankStep&> Maker>
  CommunicatorSet(CommunicatorPlan plan, int rank, Maker&& maker)
      : CommunicatorSet(std::make_shared<const CommunicatorPlan>(std::move(plan)), rank,
                        std::forward<Maker>(maker)) {}

  /// The plan of the communicators. A set that was moved from has none.
  [[nodiscard]] const CommunicatorPlan& plan() const& noexcept { return *plan_; }
  const CommunicatorPlan& plan() const&& = delete;
  /// The rank that owns them.
  [[nodiscard]] int rank() const noexcept { return rank_; }

  /// The communicator of a kind, and the place of this rank in it. O(kinds).
  /// @throws RangeError if the topology has no such kind
  /// @throws StateError after `clear`, and on a set that was moved from
  [[nodiscard]] GroupCommunicator<Native> at(GroupKind kind) const& {
    if (is_cleared()) throw StateError("the communicators are closed");
    const PlannedKind& planned = plan_->kind(kind);
    const GroupFamily& family = plan_->topology().family(planned.kind);
    GroupCommunicator<Native> result{.kind = planned.kind};
    const std::optional<Place> place = family.locate(rank_);
    if (!place) return result;
    result.group = place->group;
    result.position = place->position;
    result.size = family.group_size();
    const std::optional<std::size_t> index = index_of(planned);
    if (!index) {
      result.absence = planned.is_left_out     ? Absence::left_out
                       : planned.made_later_as ? Absence::not_made
                                               : Absence::group_of_one;
      return result;
    }
    const Handle& handle = handles_[*index];
    if (handle.is_empty()) {
      throw StateError("the " + std::string(planned.kind.name()) + " communicator was released");
    }
    result.communicator = handle.native();
    result.absence = Absence::none;
    return result;
  }
  GroupCommunicator<Native> at(GroupKind kind) const&& = delete;

  /// Gives the communicator of a kind, and of all kinds that share it, to the caller.
  /// @throws RangeError if the topology has no such kind
  /// @throws StateError if this rank has no such communicator
  [[nodiscard]] Handle release(GroupKind kind) {
    static_cast<void>(at(kind).native());
    return std::move(handles_[*index_of(plan_->kind(kind))]);
  }

  /// Gives the communicator of a step to the caller; an empty one if this rank has none, or it was released.
  [[nodiscard]] Handle release_step(std::size_t step) { return std::move(handles_[step]); }
  /// The communicator of a step; an empty one if this rank has none, or it was released or cleared.
  [[nodiscard]] Native native_of(std::size_t step) const noexcept {
    return step < handles_.size() ? handles_[step].native() : Handle().native();
  }
  /// The communicators of this rank in the order of creation, without released ones.
  [[nodiscard]] std::vector<Native> natives() const {
    std::vector<Native> result;
    for (std::size_t i = 0; i < handles_.size(); ++i) {
      if (!handles_[i].is_empty()) result.push_back(handles_[i].native());
    }
    return result;
  }

  /// Gives all communicators of this rank to the caller, those of lazy kinds and lists too, in the reverse
  /// order of creation. Afterwards the set is as after `clear`.
  [[nodiscard]] std::vector<Native> release_all() {
    std::vector<Native> result;
    for (std::size_t i = handles_.size(); i-- > 0;) {
      if (!handles_[i].is_empty()) result.push_back(handles_[i].release());
    }
    clear();
    return result;
  }

  /// The number of communicators of this rank in the plan.
  [[nodiscard]] int communicator_count() const { return plan_ ? plan_->communicator_count(rank_) : 0; }

  /// The communicator whose members are a list of ranks, in this order: that of a kind, or one that was
  /// added. If there is none, the view says `Absence::not_made`. O(kinds + members).
  /// @param ranks this rank among them
  /// @throws StateError after `clear`, and on a set that was moved from
  [[nodiscard]] GroupCommunicator<Native> at_list(std::span<const int> ranks) const& {
    if (is_cleared()) throw StateError("the communicators are closed");
    const auto own = std::find(ranks.begin(), ranks.end(), rank_);
    GroupCommunicator<Native> result{.kind = "group", .group = 0};
    result.position = static_cast<int>(own - ranks.begin());
    result.size = static_cast<int>(ranks.size());
    result.absence = Absence::not_made;
    for (const PlannedKind& planned : plan_->kinds()) {
      const std::optional<std::size_t> index = index_of(planned);
      if (!index || handles_[*index].is_empty()) continue;
      const RankList members = plan_->topology().group_of(planned.kind, rank_);
      if (!std::equal(members.begin(), members.end(), ranks.begin(), ranks.end())) continue;
      result.kind = planned.kind;
      result.group = members.group();
      result.communicator = handles_[*index].native();
    }
    for (std::size_t i = 0; i < added_.size() && !result.communicator; ++i) {
      if (std::equal(added_[i].ranks.begin(), added_[i].ranks.end(), ranks.begin(), ranks.end())) {
        result.communicator = handles_[steps_.size() + i].native();
      }
    }
    if (result.communicator) result.absence = Absence::none;
    return result;
  }
  GroupCommunicator<Native> at_list(std::span<const int> ranks) const&& = delete;

  /// Takes over the communicator of a kind that the plan makes later.
  /// @throws StateError unless `at(kind)` says `Absence::not_made`
  void add(GroupKind kind, Handle handle) {
    if (at(kind).absence != Absence::not_made) {
      throw StateError("the " + std::string(kind.name()) + " communicator is not to be made");
    }
    added_.push_back({.kind = *plan_->kind(kind).made_later_as});
    handles_.push(std::move(handle));
  }
  /// Takes over a communicator over a list of ranks.
  void add_list(std::span<const int> ranks, Handle handle) {
    added_.push_back({.ranks = {ranks.begin(), ranks.end()}});
    handles_.push(std::move(handle));
  }

  /// Frees every communicator, in the reverse order of creation.
  void clear() noexcept {
    handles_.clear();
    is_cleared_ = true;
  }
  /// Whether `clear` was called, or the communicators were moved to another set.
  [[nodiscard]] bool is_cleared() const noexcept { return is_cleared_ || !plan_; }

 private:
  /// What a communicator was added for: a kind, see `PlannedKind::made_later_as`, or a list of ranks.
  struct Added {
    std::optional<GroupKind> kind{};
    std::vector<int> ranks{};
  };

  /// The index in `handles_`; nothing for a kind without a communicator.
  [[nodiscard]] std::optional<std::size_t> index_of(const PlannedKind& planned) const noexcept {
    if (planned.step || !planned.made_later_as) return planned.step;
    const auto found = std::find_if(added_.begin(), added_.end(),
                                    [&](const Added& added) { return added.kind == planned.made_later_as; });
    if (found == added_.end()) return std::nullopt;
    return steps_.size() + static_cast<std::size_t>(found - added_.begin());
  }

  /// Handles that are destroyed in the reverse order of creation, which a vector does not guarantee.
  class Handles {
   public:
    Handles() = default;
    Handles(Handles&&) noexcept = default;
    Handles& operator=(Handles&& other) noexcept {
      clear();
      handles_.swap(other.handles_);
      return *this;
    }
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;
    ~Handles() { clear(); }

    void push(Handle handle) { handles_.push_back(std::move(handle)); }
    [[nodiscard]] std::size_t size() const noexcept { return handles_.size(); }
    [[nodiscard]] const Handle& operator[](std::size_t step) const { return handles_.at(step); }
    [[nodiscard]] Handle& operator[](std::size_t step) { return handles_.at(step); }
    void clear() noexcept {
      while (!handles_.empty()) handles_.pop_back();
    }

   private:
    std::vector<Handle> handles_;
  };

  std::shared_ptr<const CommunicatorPlan> plan_;
  std::vector<RankStep> steps_;
  int rank_;
  /// By step, and behind them those of `added_`.
  Handles handles_;
  std::vector<Added> added_;
  bool is_cleared_ = false;
};

/// Takes over communicators that were made elsewhere for the groups of a plan. If it returns, the set owns
/// all of them; if it throws, the caller still does.
/// @param natives one communicator for each step of the plan in which the rank has a group, under any of the
/// kinds that
///        share it
/// @param inspect called with a native communicator, the step and the members that it should have. Returns
/// what is
///        wrong with it, or an empty text
/// @throws StateError naming every communicator that is missing, superfluous or wrong
/// @throws RangeError if there is no such rank, or a kind that the topology does not have
template <CommunicatorHandle Handle, typename Inspect>
[[nodiscard]] CommunicatorSet<Handle> adopt_communicators(
    const CommunicatorPlan& plan, int rank, const std::map<GroupKind, typename Handle::Native>& natives,
    Inspect&& inspect) {
  const std::vector<RankStep> steps = plan.for_rank(rank);
  std::vector<std::optional<typename Handle::Native>> by_step(steps.size());
  std::string problems;
  const auto object = [&](GroupKind kind, const std::string& what) {
    problems.append("\n  ").append(kind.name()).append(": ").append(what);
  };
  for (const auto& [kind, native] : natives) {
    const std::optional<std::size_t> step = plan.kind(kind).step;
    if (!step || !steps[*step].group) {
      object(kind, "this rank needs no communicator");
    } else if (by_step[*step]) {
      object(kind, "shares its communicator with " + std::string(steps[*step].kind.name()) + "; give one");
    } else {
      by_step[*step] = native;
    }
  }
  for (const RankStep& step : steps) {
    if (!step.group) continue;
    if (!by_step[step.step]) {
      object(step.kind, "no communicator is given");
    } else if (const std::string wrong =
                   inspect(*by_step[step.step], step, plan.topology().family(step.kind).group(*step.group));
               !wrong.empty()) {
      object(step.kind, wrong);
    }
  }
  if (!problems.empty()) {
    throw StateError("the communicators given do not fit the plan of rank " + std::to_string(rank) + ":" +
                     problems);
  }
  return CommunicatorSet<Handle>(plan, rank, [&](const RankStep& step) {
    return step.group ? Handle::from_native_handle(*by_step[step.step]) : Handle();
  });
}

}  // namespace rankmesh
