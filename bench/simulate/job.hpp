#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "network.hpp"
#include "program.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/group_broadcast.hpp"

namespace rankmesh::simulate {

/// A rank that comes late to the job, and how long the others have timeouts.
struct LateRank {
  int rank = 0;
  std::chrono::nanoseconds by{};
  std::chrono::nanoseconds deadline{};
};

/// All ranks of a job, each a state machine over a transport in virtual time. What they run is the code of
/// the library: `AgreementSession`, `Agreement` and `GroupBroadcast`. The calls of MPI and NCCL between are
/// modelled, see `Call`.
///
/// A million ranks wait most of the time, with much the same in mind. So a rank keeps no agreement or
/// exchange that a new one could take the place of: one that has received nothing yet, and one that has
/// reported and only passes the verdict on.
class Job {
 public:
  /// @param plan must outlive this, and so must `program`
  /// @param late where given, every rank keeps its state, and has its timers looked after
  Job(const CommunicatorPlan& plan, const Program& program, const Costs& costs,
      Polling polling = Polling::busy, std::optional<LateRank> late = {});

  /// Runs all parts on all ranks.
  /// @throws Error that the protocols end with, where they do
  void run();

  [[nodiscard]] int size() const noexcept { return network_.size(); }
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
  struct Rank {
    std::optional<AgreementSession> rounds{};
    std::unique_ptr<Agreement> agreement{};
    std::unique_ptr<GroupBroadcast> exchange{};
    /// The steps whose communicator is being or has been initialised.
    std::uint64_t initialised = 0;
    int part = -1;
    int operations_left = 0;
    bool is_in_call = false;
    /// In a round: whether it counts as arrived, has received a report, and has told its parent of all below
    /// it.
    bool has_arrived = false;
    bool has_heard = false;
    bool has_reported = false;
    /// Whether the exchange holds what a new one would not.
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
  [[nodiscard]] const Program::Part& part_of(const Rank& rank) const {
    return program_.parts[static_cast<std::size_t>(rank.part)];
  }
  [[nodiscard]] Place place(int rank, std::size_t step) const {
    return places_[static_cast<std::size_t>(rank) * plan_.steps().size() + step];
  }
  /// The rank at a position of a group; of the world without a step.
  [[nodiscard]] int rank_at(std::optional<std::size_t> step, Place place) const;

  void look(int rank, Network::Cause cause, Time at);
  void go_on(int rank);
  void begin_part(int rank);
  /// Each: does what can be done, and returns whether the part is done.
  [[nodiscard]] bool part_is_done(int rank);
  [[nodiscard]] bool round_is_done(int rank);
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
  [[nodiscard]] int identifier_count(int size) const;

  const CommunicatorPlan& plan_;
  const Program& program_;
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
