#include "rankmesh/comm/agreement_session.hpp"

#include <memory>
#include <random>
#include <thread>

#include "rankmesh/comm/agreement.hpp"
#include "simulated_job.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;
using Outcome = Verdict::Outcome;

using Job = SimulatedJob;

TEST_CASE(
    "rounds follow each other, with two messages for every rank but one in each, and five more at the end") {
  for (const int size : {4, 8, 13, 40}) {
    CAPTURE(size);
    Job job(size, 5);
    job.run();
    for (const Job::Member& member : job.members) {
      CHECK(member.finished == 5);
      CHECK(member.end->outcome == Outcome::agreed);
      CHECK(member.session->is_over());
    }
    CHECK(job.network.messages_sent() == 5 * 2 * (size - 1) + 5);
  }
}

TEST_CASE("no message of a bring-up without faults is left, which could disturb MPI_Finalize") {
  for (int size = 1; size <= 20; ++size) {
    for (const MessagePaths paths : {MessagePaths{}, as_in_large_worlds}) {
      // The last one so late that all others report it.
      for (int late = -1; late < size; late += size < 10 ? 1 : 4) {
        CAPTURE(size, paths.direct_up_to, late);
        Job job(size, 3);
        job.paths = paths;
        if (late >= 0) job.at(late).work_before[1] = 40s;
        job.run();
        CHECK(job.common_verdict().outcome == Outcome::agreed);
        CHECK(job.network.messages_unread() == 0);
      }
    }
  }
}

TEST_CASE("ranks that are ahead of others are understood") {
  std::mt19937 random(20260301);
  for (int attempt = 0; attempt < share_of(100); ++attempt) {
    CAPTURE(attempt);
    Job job(std::uniform_int_distribution(2, 30)(random), 6);
    if (attempt % 2 == 1) job.paths = as_in_large_worlds;
    for (Job::Member& member : job.members) {
      for (auto& work : member.work_before)
        work = std::chrono::seconds(std::uniform_int_distribution(0, 11)(random));
    }
    job.run();
    for (const Job::Member& member : job.members) {
      CHECK(member.finished == 6);
      CHECK(member.end->outcome == Outcome::agreed);
    }
  }
}

TEST_CASE("the deadline counts for all rounds together, from the arrival of the first rank") {
  Job job(8, 3);
  job.members[3].work_before = {0s, 50s, 40s};
  job.run();
  for (const Job::Member& member : job.members) {
    CHECK(member.finished == 3);
    CHECK(member.end->outcome == Outcome::deadline_missed);
    CHECK(member.end->deadline.step == "round 2");
    CHECK(member.end->deadline.missing == RankSet(3));
    CHECK(member.end->deadline.waited >= 80s);
    CHECK(member.end->deadline.waited <= 82s);
  }
}

TEST_CASE("whichever rank dies, at whatever time, the others name it and nobody else") {
  std::mt19937 random(20260302);
  int named = 0;
  int unnoticed = 0;
  for (int attempt = 0; attempt < share_of(600); ++attempt) {
    const int size = std::uniform_int_distribution(2, 33)(random);
    const int victim = std::uniform_int_distribution(0, size - 1)(random);
    Job job(size, 4);
    if (attempt % 2 == 1) job.paths = as_in_large_worlds;
    for (Job::Member& member : job.members) {
      for (auto& work : member.work_before)
        work = std::chrono::milliseconds(std::uniform_int_distribution(0, 40)(random));
    }
    // A tick is at most as long as a message takes, so that every state of the protocol is met.
    const int ticks = std::uniform_int_distribution(0, 120)(random);
    CAPTURE(attempt, size, victim, ticks);
    int tick = 0;
    job.run([&](Job& running) {
      if (tick++ == ticks) running.network.kill(victim);
    });
    std::optional<Outcome> common;
    for (int rank = 0; rank < size; ++rank) {
      const Job::Member& member = job.members[static_cast<std::size_t>(rank)];
      if (rank == victim) continue;
      REQUIRE(member.end.has_value());
      if (!common) common = member.end->outcome;
      CHECK(member.end->outcome == *common);
      if (member.end->outcome == Outcome::agreed) continue;
      CHECK(member.ended_at <= 80s + 5s);
      CHECK(member.end->deadline.missing == RankSet(victim));
      CHECK(member.end->deadline.complete);
      ++named;
    }
    if (common == Outcome::agreed) ++unnoticed;
  }
  CHECK(named > share_of(1000));
  CHECK(unnoticed > share_of(10));
}

TEST_CASE("a rank that abandons the bring-up ends it for the others, in whatever round they are") {
  for (const int size : {2, 5, 16}) {
    for (const int leaving : {0, 1, size - 1}) {
      CAPTURE(size, leaving);
      Job job(size, 4);
      for (int rank = 0; rank < size; ++rank) {
        if (rank != leaving) continue;
        // It takes part in two rounds, begins a third and leaves that with an exception.
        job.members[static_cast<std::size_t>(rank)].work_before[3] = 1000s;
      }
      bool left = false;
      job.run([&](Job& running) {
        Job::Member& member = running.members[static_cast<std::size_t>(leaving)];
        if (left || member.finished < 3) return;
        left = true;
        member.end = Verdict{};
        // The simulated clock stands still in here: only the messages leave.
        Agreement agreement(*member.session, {}, {.arrives_at_once = false});
        agreement.fail("out of memory");
        static_cast<void>(agreement.step());
        if (leaving == 0) {
          running.network.advance(1s);
          static_cast<void>(agreement.step());
        }
      });
      CHECK(left);
      for (int rank = 0; rank < size; ++rank) {
        if (rank == leaving) continue;
        const Job::Member& member = job.members[static_cast<std::size_t>(rank)];
        CHECK(member.end->outcome == Outcome::failed);
        CHECK(member.end->failures == std::vector<RankFailure>{{leaving, "out of memory"}});
        CHECK(member.session->is_over());
      }
    }
  }
}

TEST_CASE("a rank that leaves when the bring-up is over passes the verdict on first") {
  // By an exception of the agreement, or because the watchdog has begun it.
  for (const bool hands_over : {false, true}) {
    CAPTURE(hands_over);
    SimulatedNetwork network(6);
    network.send_while_polled(0);
    // Nobody else knows the verdict.
    network.kill(1);
    network.kill(2);
    std::vector<std::unique_ptr<AgreementSession>> sessions;
    std::vector<std::unique_ptr<Agreement>> others;
    for (int rank : {0, 3, 4, 5}) {
      sessions.push_back(std::make_unique<AgreementSession>(network.transport(rank), simulated_timeouts));
      if (rank != 0)
        others.push_back(std::make_unique<Agreement>(*sessions.back(), std::vector<AgreementField>{},
                                                     AgreementOptions{.step = "end"}));
    }
    AgreementSession& own = *sessions.front();
    {
      Agreement failing(own, {}, {.step = "end", .arrives_at_once = false});
      failing.fail("out of memory");
      while (!own.is_over()) {
        REQUIRE_FALSE(failing.step());
        network.advance(50ms);
      }
      if (hands_over) failing.hand_over();
    }
    abandon(own, "another failure");
    network.kill(0);
    for (std::size_t i = 0; i < others.size(); ++i) {
      CAPTURE(i);
      network.advance(50ms);
      REQUIRE(others[i]->step());
      CHECK(others[i]->verdict().failures == std::vector<RankFailure>{{0, "out of memory"}});
    }
  }
}

TEST_CASE("a failure reaches ranks that are still in the round before") {
  int behind = 0;
  for (int ticks = 0; ticks < 40; ++ticks) {
    CAPTURE(ticks);
    Job job(24, 3);
    int tick = 0;
    job.run([&](Job& running) {
      if (tick++ == ticks) running.network.kill(8);  // the parent of 9 to 15
      Job::Member& failing = running.members[1];
      if (failing.finished != 1 || failing.agreement || failing.end) return;
      failing.agreement = std::make_unique<Agreement>(*failing.session, std::vector<AgreementField>{},
                                                      AgreementOptions{.arrives_at_once = false});
      failing.agreement->fail("out of memory");
    });
    if (job.members[1].finished < 2) continue;  // it died so early that nobody came through the first round
    for (int rank = 0; rank < 24; ++rank) {
      if (rank == 8) continue;
      const Job::Member& member = job.members[static_cast<std::size_t>(rank)];
      CHECK(member.end->outcome == Outcome::failed);
      CHECK(member.ended_at <= 3s);
      behind += member.finished == 1 ? 1 : 0;
    }
  }
  CHECK(behind > 0);
}

namespace {

/// Two ranks of a job. Rank 0 may be stood in for by another thread; here, by another agreement.
struct Pair {
  void step(Agreement& one, Agreement& other) {
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(one.step());
      static_cast<void>(other.step());
      network.advance(10ms);
    }
  }

  SimulatedNetwork network{2};
  AgreementSession first{network.transport(0), simulated_timeouts};
  AgreementSession second{network.transport(1), simulated_timeouts};
};

}  // namespace

TEST_CASE("an agreement that is handed over goes on with all that is known") {
  Pair pair;
  Agreement other(pair.second, {}, {.step = "end", .is_last = true});
  {
    Agreement stand_in(pair.first, {}, {.step = "end", .arrives_at_once = false, .is_last = true});
    // The report of the other rank comes while this one is busy.
    pair.step(stand_in, other);
    stand_in.hand_over();
  }
  Agreement own(pair.first, {}, {.step = "end", .is_last = true});
  pair.step(own, other);
  CHECK(own.step());
  CHECK(own.verdict().outcome == Outcome::agreed);
  CHECK(other.step());
  CHECK(other.verdict().outcome == Outcome::agreed);
}

TEST_CASE("a rank that comes after its stand-in has proposed a verdict does not propose another") {
  for (const bool hands_over : {true, false}) {
    CAPTURE(hands_over);
    Pair pair;
    Agreement other(pair.second, {}, {.step = "end", .is_last = true});
    {
      Agreement stand_in(pair.first, {},
                         {.step = "end", .arrives_at_once = false, .is_last = true, .place = "MPI_Comm_dup"});
      pair.step(stand_in, other);
      pair.network.advance(simulated_timeouts.deadline);
      while (pair.network.now() < simulated_timeouts.deadline) pair.network.advance(1s);
      // Asks, then proposes. The other rank does not see it yet.
      for (int i = 0; i < 2; ++i) {
        static_cast<void>(stand_in.step());
        static_cast<void>(other.step());
        pair.network.advance(1ms);
      }
      static_cast<void>(stand_in.step());
      if (hands_over) stand_in.hand_over();
    }
    Agreement own(pair.first, {}, {.step = "end", .is_last = true});
    pair.step(own, other);
    pair.step(own, other);
    REQUIRE(own.step());
    REQUIRE(other.step());
    CHECK(own.verdict() == other.verdict());
    CHECK(own.verdict().outcome == Outcome::deadline_missed);
    CHECK(own.verdict().deadline.unfinished == RankSet(0));
    CHECK(own.verdict().deadline.places == std::vector<HeldValue>{{"MPI_Comm_dup", RankSet(0)}});
  }
}

TEST_CASE("messages that a dead rank never takes do not keep others from settling the error") {
  for (int message = 0; message < 20; ++message) {
    CAPTURE(message);
    Job job(6, 3);
    job.network.keep_messages_to_the_dead();
    job.network.stop_at(0, message, std::nullopt);
    job.run();
    if (job.network.is_alive(0)) continue;
    const Verdict verdict = job.common_verdict();
    if (verdict.outcome == Outcome::agreed) continue;
    CHECK(verdict.deadline.missing == RankSet(0));
    CHECK(verdict.deadline.complete);
  }
}

TEST_CASE(
    "an agreement holds its session until it is over, so that another thread can take part in the next") {
  Pair pair;
  Agreement one(pair.first, {}, {.step = "first"});
  Agreement other(pair.second, {}, {.step = "first"});
  pair.step(one, other);
  REQUIRE(one.step());
  REQUIRE(other.step());
  // Both wait for each other: each session can be held again.
  std::thread thread([&] {
    Agreement next(pair.second, {}, {.step = "second"});
    static_cast<void>(next.step());
  });
  thread.join();
  const Agreement next(pair.first, {}, {.step = "second"});
  CHECK_FALSE(pair.first.is_wanted());
}
