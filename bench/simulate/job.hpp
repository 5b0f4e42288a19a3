#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "calls.hpp"
#include "network.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/group_broadcast.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/schedule.hpp"

namespace rankmesh::simulate {

/// A rank that comes late to the job, and the deadline of all ranks.
struct LateRank {
  int rank = 0;
  std::chrono::nanoseconds by{};
  std::chrono::nanoseconds deadline{};
};

/// All ranks of a job, each a state machine over a transport in virtual time. They walk the schedule that the
/// adapters carry out, and run the protocols of the library: `AgreementSession`, `Agreement` and
/// `GroupBroadcast`. The calls of MPI and NCCL are modelled, see `Call`.
///
/// To hold a million ranks in memory, a rank does not keep an agreement or exchange that can be constructed
/// again without loss: one that has received nothing yet, and one that has reported and only passes the
/// verdict on.
class Job {
 public:
  /// @param plan must outlive this
  /// @param options the bring-up to simulate: MPI communicators, or the non-blocking NCCL strategy
  /// `unique_id`
  /// @param late if given, every rank keeps its state and wakes up at its deadlines
  /// @param group_call the MPI function that makes groups: `create_group` as in the adapter, or `split`
  /// @throws std::invalid_argument for a bring-up that is not simulated
  Job(const CommunicatorPlan& plan, const ScheduleOptions& options, const Costs& costs,
      Polling polling = Polling::busy, std::optional<LateRank> late = {},
      Call group_call = Call::create_group);

  /// Has the groups of some steps of the plan make no communicator, since they have it: as in a rebuild.
  void keep(std::function<bool(std::size_t step, int group)> is_kept) { is_kept_ = std::move(is_kept); }

  /// Runs the bring-up on all ranks.
  /// @throws Error if the protocols end with one
  void run();

  [[nodiscard]] int size() const noexcept { return network_.size(); }
  /// How many agreements each rank takes part in.
  [[nodiscard]] std::int64_t agreements() const;
  /// When the last rank had done all.
  [[nodiscard]] Time finished_at() const noexcept { return finished_at_; }
  /// What the protocols of a rank sent and received.
  [[nodiscard]] const Counts& protocol(int rank) { return network_.at(rank).counts(); }
  /// What its calls of MPI and NCCL did.
  [[nodiscard]] const Counts& calls(int rank) const { return calls_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] std::int64_t events() const noexcept { return network_.events(); }

 private:
  /// Where a rank is in a step of the plan; no group if negative.
  struct Place {
    int group = -1;
    int position = 0;
  };
  /// What a rank does next: the schedule in smaller pieces.
  struct Part {
    enum class Kind {
      /// An agreement: that on the fields, or an arrival.
      agreement,
      /// A call that blocks.
      call,
      /// The block of concurrent steps: IDs are exchanged, communicators initialised and completion agreed
      /// on.
      initialisation,
    };
    Kind kind{};
    /// The name in errors.
    std::string name{};
    std::vector<AgreementField> fields{};
    Call call{};
    /// The step of the plan that a call is for.
    std::optional<std::size_t> plan_step{};
  };
  struct Rank {
    std::optional<AgreementSession> session{};
    std::unique_ptr<Agreement> agreement{};
    std::unique_ptr<GroupBroadcast> exchange{};
    /// The steps whose communicator is being or has been initialised.
    std::uint64_t initialised = 0;
    int part = -1;
    int operations_left = 0;
    bool is_in_call = false;
    /// In an agreement: whether the rank counts as arrived, has received a report, and has reported its
    /// subtree to its parent.
    bool has_arrived = false;
    bool has_heard = false;
    bool has_reported = false;
    /// Whether the exchange holds state that a new one would lack.
    bool keeps_exchange = false;
    bool exchange_is_done = false;
    bool has_finished = false;
  };
  /// The members of a call on their way in.
  struct Gathering {
    Members members{0};
    int missing = 0;
  };

  [[nodiscard]] Rank& at(int rank) { return ranks_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] const Part& part_of(const Rank& rank) const {
    return parts_[static_cast<std::size_t>(rank.part)];
  }
  [[nodiscard]] Place place(int rank, std::size_t step) const {
    return places_[static_cast<std::size_t>(rank) * plan_.steps().size() + step];
  }
  /// The rank at a position of a group; of the world without a step.
  [[nodiscard]] int rank_at(std::optional<std::size_t> step, Place place) const;

  void add_parts(std::span<const BringUpStep> block, const ScheduleOptions& options, Call group_call);
  void look(int rank, Network::Cause cause, Time at);
  void go_on(int rank);
  void begin_part(int rank);
  // Each does what can be done without waiting, and returns whether the part is done.
  [[nodiscard]] bool part_is_done(int rank);
  [[nodiscard]] bool agreement_is_done(int rank);
  void make_agreement(int rank);
  void drop_agreement(int rank);

  void begin_initialisation(int rank);
  void make_exchange(int rank);
  void step_exchange(int rank);
  void start_operations(int rank);
  void end_operation(int rank);

  /// Has a rank enter a call, which is carried out once all its members have.
  void enter(int rank, Call call, std::optional<std::size_t> step);
  void leave(Call call, std::optional<std::size_t> step, int group, Members& members);
  [[nodiscard]] int identifiers_of_group(int size) const;

  const CommunicatorPlan& plan_;
  std::function<bool(std::size_t step, int group)> is_kept_{};
  int ranks_per_identifier_;
  std::vector<Part> parts_{};
  Costs costs_;
  std::optional<LateRank> late_;
  Network network_;
  std::vector<Rank> ranks_;
  std::vector<Counts> calls_;
  std::vector<Place> places_;
  std::unordered_map<std::uint64_t, Gathering> gatherings_;
  Time finished_at_{};
  int finished_ = 0;
};

}  // namespace rankmesh::simulate
