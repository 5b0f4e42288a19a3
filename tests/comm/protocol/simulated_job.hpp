#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "support/catch.hpp"
#include "support/simulated_network.hpp"

namespace rankmesh::tests {

/// How long the ranks of a simulated job wait, unless a test says otherwise.
inline constexpr Timeouts simulated_timeouts{.deadline = std::chrono::seconds(80),
                                             .grace = std::chrono::seconds(2)};

/// Messages travel in small worlds as in large ones: along a tree, of many levels.
inline constexpr MessagePaths as_in_large_worlds{.tree_radix = 2, .direct_up_to = 0};

/// A job whose ranks go through agreements over a simulated network. A test says when each rank starts, what
/// it holds, how long it works before and in an agreement, and whether it fails or dies.
class SimulatedJob {
 public:
  using Duration = std::chrono::nanoseconds;

  struct Member {
    explicit Member(int rounds) : work_before(static_cast<std::size_t>(rounds), Duration(0)) {}

    // What a test may set.
    /// What the rank holds in every agreement.
    std::vector<AgreementField> fields{};
    /// The ranks that it knows to be lost.
    RankSet lost{};
    /// How long the rank works before each agreement: the first is when it starts.
    std::vector<Duration> work_before;
    /// How long it works in an agreement before it arrives.
    Duration work_inside{0};
    /// Whether it fails at that work; it arrives all the same if `arrives_after_failing`.
    bool fails = false;
    bool arrives_after_failing = false;
    /// The rank has begun and looks for messages only from then on: it is in a call that blocks.
    Duration away_until{0};

    // How it goes.
    std::unique_ptr<AgreementSession> session{};
    std::unique_ptr<Agreement> agreement{};
    Duration begun_at{0};
    Duration busy_until{0};
    int finished = 0;
    /// The verdict that ended the job for this rank.
    std::optional<Verdict> end{};
    Duration ended_at{0};
    int messages_sent = 0;
  };

  explicit SimulatedJob(int size, int rounds = 1) : network(size) {
    for (int rank = 0; rank < size; ++rank) {
      Member& member = members.emplace_back(rounds);
      if (rounds == 1) member.fields = {{.field = "tensor", .value = "2", .required = {}}};
    }
  }

  [[nodiscard]] Member& at(int rank) { return members[static_cast<std::size_t>(rank)]; }

  /// Loses a rank: now, or when the clock shows a time.
  void lose(int rank) { network.kill(rank); }
  void lose_at(int rank, Duration time) { dies_at_[rank] = time; }
  /// No rank runs for a while, from just before the n-th step of the job, counted from 0.
  /// @param then how much longer than `length` each rank stands still
  void freeze_at(int nth_step, Duration length, std::vector<Duration> then = {}) {
    freezes_[nth_step] = {length, std::move(then)};
  }
  /// How often ranks have stepped so far.
  [[nodiscard]] int steps() const { return steps_; }

  /// Runs until every living rank has ended.
  /// @param on_tick called with every step of the clock
  template <typename OnTick>
  void run(OnTick&& on_tick) {
    bool running = true;
    while (running) {
      on_tick(*this);
      for (const auto& [rank, time] : dies_at_) {
        if (network.now() >= time) network.kill(rank);
      }
      running = false;
      for (int rank = 0; rank < network.size(); ++rank) {
        if (at(rank).end || !network.is_alive(rank)) continue;
        running = true;
        if (!network.is_running(rank)) continue;
        if (const auto freeze = freezes_.find(steps_++); freeze != freezes_.end()) {
          stand_still(freeze->second);
          if (!network.is_running(rank)) continue;
        }
        try {
          step(rank);
        } catch (const RankDied&) {
          at(rank).agreement.reset();
        }
      }
      network.advance(tick);
      REQUIRE(network.now() < std::chrono::hours(1));
    }
  }
  void run() {
    run([](SimulatedJob&) {});
  }

  /// The verdict that all living ranks share.
  [[nodiscard]] Verdict common_verdict() {
    std::optional<Verdict> common;
    for (int rank = 0; rank < network.size(); ++rank) {
      if (!network.is_alive(rank)) continue;
      const std::optional<Verdict>& own = at(rank).end;
      REQUIRE(own.has_value());
      if (!common) common = own;
      CHECK(*own == *common);
    }
    return common.value();
  }

  /// When the last living rank ended.
  [[nodiscard]] Duration last_end() {
    Duration last{0};
    for (const Member& member : members) last = std::max(last, member.ended_at);
    return last;
  }

  SimulatedNetwork network;
  /// The longest time between two steps of a rank.
  Duration tick = std::chrono::milliseconds(50);
  Timeouts timeouts = simulated_timeouts;
  MessagePaths paths{};
  std::vector<Member> members{};

 private:
  struct Freeze {
    Duration length{0};
    std::vector<Duration> then{};
  };

  void stand_still(const Freeze& freeze) {
    network.pass(freeze.length);
    for (std::size_t rank = 0; rank < freeze.then.size(); ++rank) {
      network.pause(static_cast<int>(rank), freeze.then[rank]);
    }
  }

  void begin(int rank) {
    Member& member = at(rank);
    if (!member.session) {
      member.session = std::make_unique<AgreementSession>(network.transport(rank), timeouts, paths);
    }
    const std::string name =
        member.work_before.size() == 1 ? "agreement" : "round " + std::to_string(member.finished);
    member.begun_at = network.now();
    member.agreement.reset();
    member.agreement = std::make_unique<Agreement>(
        *member.session, member.fields,
        AgreementOptions{
            .step = name,
            .arrives_at_once = member.work_inside == Duration(0),
            .is_last = static_cast<std::size_t>(member.finished) + 1 == member.work_before.size(),
            .lost = member.lost});
  }

  void work(Member& member) {
    if (member.work_inside == Duration(0) || network.now() < member.begun_at + member.work_inside) return;
    member.work_inside = Duration(0);
    if (member.fails) member.agreement->fail("out of memory");
    if (!member.fails || member.arrives_after_failing) member.agreement->arrive();
  }

  void step(int rank) {
    Member& member = at(rank);
    if (member.finished == 0) member.busy_until = member.work_before.front();
    if (network.now() < member.busy_until) return;
    if (!member.agreement) begin(rank);
    if (network.now() < member.away_until) return;
    work(member);
    if (!member.agreement->step()) return;
    const Verdict verdict = member.agreement->verdict();
    member.messages_sent += member.agreement->messages_sent();
    member.agreement.reset();
    ++member.finished;
    const auto next = static_cast<std::size_t>(member.finished);
    if (verdict.outcome != Verdict::Outcome::agreed || next == member.work_before.size()) {
      member.end = verdict;
      member.ended_at = network.now();
    } else {
      member.busy_until = network.now() + member.work_before[next];
    }
  }

  std::map<int, Duration> dies_at_{};
  std::map<int, Freeze> freezes_{};
  int steps_ = 0;
};

}  // namespace rankmesh::tests
