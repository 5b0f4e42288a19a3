#pragma once

#include <nccl.h>

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "identifiers.hpp"
#include "rankmesh/comm/bring_up.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/nccl/communicator.hpp"
#include "rankmesh/nccl/options.hpp"
#include "shrink.hpp"

namespace rankmesh::nccl {

/// A communicator of a generation before that a group may go on with.
struct OlderCommunicator {
  /// Empty on a member that has it no more, or on which it failed.
  Communicator communicator{};
  /// The positions of the members that it has to lose; empty if it can be kept.
  std::vector<int> left_out{};
};
/// By step of the plan; nothing for groups that go on with none.
using OlderCommunicators = std::vector<std::optional<OlderCommunicator>>;

/// Makes the NCCL communicators of this rank: the steps `initialise`, `split` and `use_world` of a schedule.
class CommunicatorMaker {
 public:
  /// @param older used where the members have no IDs, otherwise aborted; empty for none
  /// @param names receives the strings that NCCL keeps pointers to; must outlive the communicators
  CommunicatorMaker(const rankmesh::BringUp& bring_up, const Options& options, const Identifiers& identifiers,
                    OlderCommunicators older, std::list<std::string>& names);
  CommunicatorMaker(const CommunicatorMaker&) = delete;
  CommunicatorMaker& operator=(const CommunicatorMaker&) = delete;
  /// Aborts the communicators that were not taken, which are there only where the bring-up failed.
  ~CommunicatorMaker();

  /// The NCCL function that a step calls.
  [[nodiscard]] const char* call(const BringUpStep& step) const;
  /// Carries out a step with calls that block.
  /// @throws NcclError
  void make(const BringUpStep& step);
  /// Carries a step with non-blocking calls as far as it goes without waiting. Returns whether it is done.
  /// @param is_next whether the steps before are done: splits of the world follow each other
  /// @throws NcclError
  [[nodiscard]] bool advance(const BringUpStep& step, bool is_next);

  /// What was made, once all steps are done.
  struct Communicators {
    /// Empty where no communicator over the world was made, and where a step of the plan has it.
    Communicator world{};
    /// By step of the plan; empty where this rank has no group.
    std::vector<Communicator> of_step{};
  };
  [[nodiscard]] Communicators take();

  /// The IDs that this rank made for communicators that are not done.
  [[nodiscard]] int abandoned_identifiers() const;

 private:
  using PlanStep = Identifiers::PlanStep;

  enum class Progress { not_started, started, done };
  /// A communicator on its way. The handle is raw, since NCCL writes it when a split is done: its address
  /// stays.
  struct Slot {
    Progress progress = Progress::not_started;
    ncclComm_t native = nullptr;
    std::optional<OlderCommunicator> older{};
    /// Kept until all members are done, since the others may still need the parent.
    std::unique_ptr<Shrink> shrink{};
  };

  [[nodiscard]] std::size_t index_of(PlanStep step) const { return step.value_or(slots_.size() - 1); }
  [[nodiscard]] Slot& at(PlanStep step) { return slots_[index_of(step)]; }
  /// This rank in a group of the plan, or in the world.
  [[nodiscard]] RankStep rank_step(PlanStep step) const;
  [[nodiscard]] ncclResult_t start(const BringUpStep& step);
  [[nodiscard]] ncclResult_t initialise(const BringUpStep& step);
  /// Keeps or shrinks the older communicator.
  [[nodiscard]] ncclResult_t go_on(const BringUpStep& step);
  [[nodiscard]] ncclResult_t split(const BringUpStep& step);
  [[nodiscard]] ncclResult_t state(const BringUpStep& step);
  [[nodiscard]] ncclConfig_t config_of(PlanStep step);
  void require_success(const BringUpStep& step, ncclResult_t result) const;

  const rankmesh::BringUp& bring_up_;
  const Options& options_;
  const Identifiers& identifiers_;
  std::list<std::string>& names_;
  /// By step of the plan; the last slot is that of the world.
  std::vector<Slot> slots_;
};

}  // namespace rankmesh::nccl
