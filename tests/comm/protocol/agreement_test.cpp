#include "rankmesh/comm/agreement.hpp"

#include <algorithm>
#include <map>
#include <random>

#include "simulated_job.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/simulated_network.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;
using Outcome = Verdict::Outcome;

namespace {

using Job = SimulatedJob;

/// From now on ranks find a message at every n-th look only, and have the time for that.
void show_at_every(int nth_look, Job& job) {
  job.network.show_at_every(nth_look);
  job.timeouts.grace = 20s;
}

RankSet ranks(std::vector<RankSet::Range> ranges) {
  return RankSet::of(std::move(ranges));
}

}  // namespace

TEST_CASE(
    "ranks that hold the same agree, with two messages for every rank but one, and five more at the end") {
  // To settle the last verdict, rank 0 asks two collectors, which answer; one passes the verdict to the
  // other.
  const std::map<int, int> more = {{1, 0}, {2, 2}, {3, 5}};
  for (const int size : {1, 2, 3, 4, 5, 7, 8, 16, 33, 64}) {
    CAPTURE(size);
    Job job(size);
    job.run();
    CHECK(job.common_verdict() == Verdict{});
    CHECK(job.network.messages_sent() == 2 * (size - 1) + (more.contains(size) ? more.at(size) : 5));
  }
  // Where the verdict travels down the tree, each of the 12 inner nodes says that it has passed it on.
  Job job(100);
  job.run();
  CHECK(job.common_verdict() == Verdict{});
  CHECK(job.network.messages_sent() == 2 * 99 + 6 + 12);
}

TEST_CASE("no rank sends more than a logarithm of messages when all is well") {
  // Three levels of a tree in which each has seven more, and two more collectors.
  Job job(512);
  job.run();
  for (const Job::Member& member : job.members) CHECK(member.messages_sent <= 21 + 4);
}

TEST_CASE("every rank learns each field that differs, its values and who holds them") {
  Job job(8);
  for (std::size_t r = 0; r < 8; ++r) {
    job.members[r].fields.push_back(
        {.field = "pipeline", .value = r == 4 || r == 5 ? "4" : "1", .required = {}});
    job.members[r].fields.push_back({.field = "fp8", .value = "false", .required = {}});
    job.members[r].fields.push_back({.field = "seed", .value = std::to_string(r % 3), .required = {}});
  }
  job.run();
  const Verdict verdict = job.common_verdict();
  CHECK(verdict.outcome == Outcome::disagreed);
  REQUIRE(verdict.disagreements.size() == 2);
  CHECK(verdict.disagreements[0] ==
        Disagreement{"pipeline", {{"1", ranks({{0, 3}, {6, 7}})}, {"4", ranks({{4, 5}})}}, std::nullopt});
  CHECK(verdict.disagreements[1].values[2] == HeldValue{"2", ranks({{2, 2}, {5, 5}})});
  CHECK_THROWS_AS(verdict.raise(), DisagreementError);
}

TEST_CASE("a value that all ranks hold but that is not the required one is a disagreement") {
  Job job(4);
  for (Job::Member& member : job.members)
    member.fields.push_back({.field = "world_size", .value = "16", .required = "4"});
  job.run();
  const Verdict verdict = job.common_verdict();
  CHECK(verdict.disagreements ==
        std::vector<Disagreement>{{"world_size", {{"16", RankSet::first_ranks(4)}}, std::string("4")}});
}

TEST_CASE("a field that a rank does not know is a disagreement") {
  Job job(4);
  for (std::size_t r : {0U, 1U, 3U})
    job.members[r].fields.push_back({.field = "added", .value = "1", .required = {}});
  job.run();
  CHECK(job.common_verdict().disagreements ==
        std::vector<Disagreement>{
            {"added", {{"1", ranks({{0, 1}, {3, 3}})}, {"(not set)", RankSet(2)}}, std::nullopt}});
}

TEST_CASE("whatever the ranks hold, what is told is what they hold") {
  std::mt19937 random(5);
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
  for (int round = 0; round < share_of(400); ++round) {
    // Beyond nine ranks the tree has two levels, beyond 64 three; differences meet on the way.
    Job job(1 + static_cast<int>(below(round % 20 == 0 ? 80 : 20)));
    const std::size_t names = 1 + below(5);
    const std::size_t values = 1 + below(3);
    for (Job::Member& member : job.members) {
      std::vector<AgreementField>& fields = member.fields;
      fields.clear();
      for (std::size_t name = 0; name < names; ++name) {
        const bool is_odd = below(4) == 0;
        if (is_odd && below(3) == 0) continue;
        fields.push_back({.field = "field" + std::to_string(name),
                          .value = is_odd ? std::to_string(below(values)) : std::string("common")});
      }
      if (below(4) == 0) std::reverse(fields.begin(), fields.end());
    }
    // Some ranks come late, after those below them.
    for (Job::Member& member : job.members) member.work_before[0] = std::chrono::seconds(below(3));
    job.run();

    std::map<std::string, std::map<std::string, RankSet>> held;
    for (std::size_t name = 0; name < names; ++name) {
      const std::string field = "field" + std::to_string(name);
      for (std::size_t rank = 0; rank < job.members.size(); ++rank) {
        std::string value = "(not set)";
        for (const AgreementField& own : job.members[rank].fields) {
          if (own.field == field) value = own.value;
        }
        held[field][value].insert(RankSet(static_cast<int>(rank)));
      }
      if (held[field].size() == 1) held.erase(field);
    }
    std::map<std::string, std::map<std::string, RankSet>> told;
    for (const Disagreement& disagreement : job.common_verdict().disagreements) {
      int before = -1;
      for (const HeldValue& value : disagreement.values) {
        CHECK(told[disagreement.field].emplace(value.value, value.ranks).second);
        CHECK(value.ranks.ranges().front().first > before);
        before = value.ranks.ranges().front().first;
      }
    }
    CAPTURE(round, job.network.size());
    CHECK(told == held);
  }
}

TEST_CASE("whoever is missing, all others name it") {
  const auto [size, paths] = GENERATE(values<std::pair<int, MessagePaths>>(
      {{2, {}}, {3, {}}, {5, {}}, {8, {}}, {13, {}}, {9, as_in_large_worlds}, {70, {}}}));
  for (int missing = 0; missing < size; missing += size < 70 || missing < 3 ? 1 : 3) {
    for (const bool comes_early : {false, true}) {
      CAPTURE(size, missing, comes_early);
      Job job(size);
      job.paths = paths;
      job.timeouts.deadline = 20s;
      // The ranks below the missing one come later than the others, and nobody tells them.
      for (int other = missing + 1; comes_early && other < size; ++other) job.at(other).work_before[0] = 3s;
      job.lose(missing);
      job.run();
      const Verdict verdict = job.common_verdict();
      CHECK(verdict.outcome == Outcome::deadline_missed);
      CHECK(verdict.deadline.missing == RankSet(missing));
      CHECK(verdict.deadline.complete);
      CHECK(verdict.deadline.waited >= 20s);
      CHECK(verdict.deadline.waited <= 20s + 2 * simulated_timeouts.grace);
    }
  }
}

namespace {

/// How many messages the busiest rank sends and receives when some ranks are lost and nobody knows it.
int most_messages(int size, const RankSet& lost) {
  Job job(size);
  job.paths.tree_radix = 4;
  job.timeouts.deadline = 2s;
  for (const int rank : lost.to_vector()) job.lose(rank);
  job.run();
  CHECK(job.common_verdict().deadline.missing == lost);
  CHECK(job.last_end() <= 2s + 4 * simulated_timeouts.grace);
  int most = 0;
  for (int rank = 0; rank < size; ++rank) most = std::max(most, job.network.messages(rank));
  return most;
}

}  // namespace

TEST_CASE("in large worlds nobody has a message for every rank, whoever is lost without anyone knowing") {
  for (const RankSet& lost : {RankSet(201), ranks({{64, 64}, {68, 69}}), ranks({{0, 1}})}) {
    CAPTURE(lost.to_string());
    // Four levels of the tree, and one more. Three children on each send a few messages.
    const int in_small = most_messages(256, lost);
    const int in_large = most_messages(1024, lost);
    CHECK(in_small < 200);
    CHECK(in_large <= in_small + 40);
  }
}

TEST_CASE("a missing inner node of the tree hides nobody") {
  Job job(80);
  job.lose(64);  // the parent of 65 to 71, and of 72
  job.lose(72);  // the parent of 73 to 79
  job.lose(3);
  job.run();
  CHECK(job.common_verdict().deadline.missing == ranks({{3, 3}, {64, 64}, {72, 72}}));
}

TEST_CASE("if ranks 0 and 1 are missing, rank 2 finds out who else is") {
  Job job(8);
  for (const int lost : {0, 1, 5}) job.lose(lost);
  job.run();
  CHECK(job.common_verdict().deadline.missing == ranks({{0, 1}, {5, 5}}));
  CHECK(job.common_verdict().deadline.complete);
}

TEST_CASE("if all collectors are missing, every rank ends and says that there may be more") {
  Job job(8);
  for (const int lost : {0, 1, 2, 5}) job.lose(lost);
  job.run();
  for (const int rank : {3, 4, 6, 7}) {
    const auto& verdict = job.at(rank).end;
    REQUIRE(verdict.has_value());
    CHECK(verdict->outcome == Outcome::deadline_missed);
    CHECK(verdict->deadline.missing == ranks({{0, 2}}));
    CHECK_FALSE(verdict->deadline.complete);
    CHECK(job.at(rank).ended_at <= simulated_timeouts.deadline + 4 * simulated_timeouts.grace);
  }
}

TEST_CASE("ranks that come late but in time are waited for") {
  for (const int late : {0, 1, 4, 7}) {
    CAPTURE(late);
    Job job(8);
    job.at(late).work_before[0] = 79s;
    job.run();
    CHECK(job.common_verdict().outcome == Outcome::agreed);
  }
}

TEST_CASE("a rank that comes too late gets the same error, and need not wait for it") {
  for (const int late : {0, 1, 4, 7}) {
    CAPTURE(late);
    Job job(8);
    job.at(late).work_before[0] = 200s;
    job.run();
    CHECK(job.common_verdict().deadline.missing == RankSet(late));
    CHECK(job.at(late).ended_at <= 201s);
  }
}

TEST_CASE("rank 0 agrees to nothing that the others have given up, though messages show one at a time") {
  for (const int nth_look : {1, 2, 3}) {
    CAPTURE(nth_look);
    Job job(8);
    show_at_every(nth_look, job);
    job.at(0).work_before[0] = 200s;
    job.run();
    CHECK(job.common_verdict().deadline.missing == RankSet(0));
  }
}

TEST_CASE("a rank that looks late names those who are silent alone, though messages show one at a time") {
  for (const int nth_look : {1, 2, 3}) {
    CAPTURE(nth_look);
    Job job(8);
    show_at_every(nth_look, job);
    // All reports but one lie there when rank 0 looks, before rank 1 stands in for it.
    job.at(0).away_until = simulated_timeouts.deadline + 1s;
    job.lose(5);
    job.run();
    CHECK(job.common_verdict().deadline.missing == RankSet(5));
  }
}

TEST_CASE("the deadline counts from the first arrival, whoever arrives first") {
  Job job(8);
  for (Job::Member& member : job.members) member.work_before[0] = 60s;
  job.at(5).work_before[0] = 0s;
  job.lose(2);
  job.run();
  CHECK(job.common_verdict().deadline.missing == RankSet(2));
  CHECK(job.last_end() <= simulated_timeouts.deadline + simulated_timeouts.grace);
}

TEST_CASE("whatever happens, ranks never contradict each other") {
  std::mt19937 random(20260101);
  int agreed = 0;
  int disagreed = 0;
  int missed = 0;
  for (int round = 0; round < share_of(400); ++round) {
    CAPTURE(round);
    const int size = std::uniform_int_distribution(2, 40)(random);
    Job job(size);
    if (round % 2 == 1) job.paths = as_in_large_worlds;
    const int spread = std::uniform_int_distribution(0, 60)(random);
    for (Job::Member& member : job.members)
      member.work_before[0] = std::chrono::seconds(std::uniform_int_distribution(0, spread)(random));
    const bool someone_differs = std::uniform_int_distribution(0, 2)(random) == 0;
    if (someone_differs) job.at(size / 2).fields[0].value = "8";
    const int losses = std::max(0, std::uniform_int_distribution(-2, 2)(random));
    RankSet lost;
    for (int i = 0; i < std::min(losses, size - 1); ++i) {
      const int rank = std::uniform_int_distribution(0, size - 1)(random);
      job.lose(rank);
      lost.insert(RankSet(rank));
    }
    job.run();
    const Verdict verdict = job.common_verdict();
    if (losses > 0) {
      ++missed;
      CHECK(verdict.deadline.missing == lost);
    } else if (someone_differs) {
      ++disagreed;
      CHECK(verdict.outcome == Outcome::disagreed);
    } else {
      ++agreed;
      CHECK(verdict.outcome == Outcome::agreed);
    }
  }
  CHECK(agreed > share_of(50));
  CHECK(disagreed > share_of(50));
  CHECK(missed > share_of(50));
}

TEST_CASE("a rank that works first is waited for") {
  Job job(8);
  for (const std::size_t r : {0U, 3U, 4U}) job.members[r].work_inside = std::chrono::seconds(10 + r);
  job.run();
  CHECK(job.common_verdict() == Verdict{});
  for (const Job::Member& member : job.members) CHECK(member.ended_at >= 14s);
}

TEST_CASE("a rank that does not finish its work in time is named, by itself too, as one that is there") {
  for (const int slow : {0, 1, 4, 7}) {
    CAPTURE(slow);
    Job job(8);
    for (Job::Member& member : job.members) member.work_inside = 1s;
    job.at(slow).work_inside = 500s;
    job.run();
    const Verdict verdict = job.common_verdict();
    CHECK(verdict.outcome == Outcome::deadline_missed);
    CHECK(verdict.deadline.missing.empty());
    CHECK(verdict.deadline.unfinished == RankSet(slow));
  }
}

TEST_CASE("a rank that dies at work is told from those that wait for it") {
  for (const int dead : {0, 1, 4, 7}) {
    for (const auto when : {2s, 30s, 79s}) {
      CAPTURE(dead, when.count());
      Job job(8);
      // Half of the ranks wait for the dead one, and the others finish.
      for (std::size_t r = 0; r < 8; ++r)
        job.members[r].work_inside = r % 2 == static_cast<std::size_t>(dead) % 2 ? 500s : 1s;
      job.lose_at(dead, when);
      job.run();
      const Verdict verdict = job.common_verdict();
      CHECK(verdict.outcome == Outcome::deadline_missed);
      CHECK(verdict.deadline.missing == RankSet(dead));
      RankSet waiting;
      for (int rank = dead % 2; rank < 8; rank += 2) {
        if (rank != dead) waiting.insert(RankSet(rank));
      }
      CHECK(verdict.deadline.unfinished == waiting);
    }
  }
}

namespace {

/// A rank dies, and all others learn of it before the last one comes, each at another time.
void die_while_others_learn(Job& job, int dead, std::mt19937& random) {
  const int size = job.network.size();
  const auto time = [&](int from, int to) {
    return std::chrono::milliseconds(std::uniform_int_distribution(from, to)(random));
  };
  job.at(size - 1).work_before[0] = 3s;
  job.lose_at(dead, time(0, 900));
  std::vector<Job::Duration> learns;
  for (int rank = 0; rank < size; ++rank) learns.push_back(time(900, 2000));
  job.run([&](Job& running) {
    for (int rank = 0; rank < size; ++rank) {
      if (rank == dead || !running.at(rank).agreement) continue;
      if (running.network.now() >= learns[static_cast<std::size_t>(rank)])
        running.at(rank).agreement->give_up(RankSet(dead));
    }
  });
  CHECK(job.common_verdict().outcome == Outcome::deadline_missed);
  CHECK(job.common_verdict().deadline.missing == RankSet(dead));
}

}  // namespace

TEST_CASE(
    "a rank that dies meanwhile is waited for only until all others have learned of it, in whatever order") {
  std::mt19937 random(20261129);
  for (int round = 0; round < share_of(300); ++round) {
    const int size = std::uniform_int_distribution(3, 40)(random);
    // The dead one may have reported.
    const int dead = std::uniform_int_distribution(0, size - 2)(random);
    CAPTURE(round, size, dead);
    Job job(size);
    if (round % 2 == 1) job.paths = as_in_large_worlds;
    die_while_others_learn(job, dead, random);
    // Long before ranks report unasked. A collector waits for one that was lost.
    const int before = job.paths.direct_up_to == 0 && dead == 0 ? 2 : 1;
    CHECK(job.last_end() <= 3s + before * simulated_timeouts.grace);
  }
}

TEST_CASE("in large worlds nobody has a message for every rank that learns of a loss") {
  std::mt19937 random(20261130);
  for (const int dead : {201, 192, 1}) {
    CAPTURE(dead);
    Job job(1024);
    job.paths.tree_radix = 4;
    die_while_others_learn(job, dead, random);
    CHECK(job.last_end() <= 3s + simulated_timeouts.grace);
    for (int rank = 0; rank < 1024; ++rank) CHECK(job.network.messages(rank) < 200);
  }
}

TEST_CASE("a failure on one rank ends the step on all of them at once") {
  for (const int size : {1, 2, 3, 8, 13, 100}) {
    for (int bad = 0; bad < size; bad += size < 20 ? 1 : 9) {
      CAPTURE(size, bad);
      Job job(size);
      // The others would work for ever: they wait for the rank that failed, as in a collective call.
      for (Job::Member& member : job.members) member.work_inside = 10000s;
      job.at(bad).work_inside = 3s;
      job.at(bad).fails = true;
      job.run();
      const Verdict verdict = job.common_verdict();
      CHECK(verdict.outcome == Outcome::failed);
      CHECK(verdict.failures == std::vector<RankFailure>{{bad, "out of memory"}});
      CHECK(job.last_end() <= 4s);
      CHECK_THROWS_WITH(verdict.raise(),
                        "step agreement failed on 1 rank, so it is given up on all:\n  rank " +
                            std::to_string(bad) + ": out of memory");
    }
  }
}

TEST_CASE("failures that come together are all named") {
  Job job(16);
  for (Job::Member& member : job.members) member.work_inside = 10000s;
  for (const int bad : {0, 5, 11}) {
    job.at(bad).work_inside = 1s;
    job.at(bad).fails = true;
  }
  job.run();
  CHECK(job.common_verdict().failures ==
        std::vector<RankFailure>{{0, "out of memory"}, {5, "out of memory"}, {11, "out of memory"}});
}

TEST_CASE("a rank that failed does not arrive any more, and a failure counts also where all have arrived") {
  for (const int size : {1, 2, 8}) {
    for (const int bad : {0, size - 1}) {
      CAPTURE(size, bad);
      Job job(size);
      job.at(bad).work_inside = 1s;
      job.at(bad).fails = true;
      job.at(bad).arrives_after_failing = true;
      job.run();
      CHECK(job.common_verdict().outcome == Outcome::failed);
    }
  }
}

TEST_CASE("a failure is known even where rank 0 is gone") {
  Job job(8);
  job.lose(0);
  job.at(5).work_inside = 1s;
  job.at(5).fails = true;
  job.run();
  const Verdict verdict = job.common_verdict();
  CHECK(verdict.failures == std::vector<RankFailure>{{5, "out of memory"}});
}

TEST_CASE("a message of another program is refused, naming its sender") {
  SimulatedNetwork network(2);
  const auto send = [&](std::vector<int> bytes) {
    Bytes message;
    for (const int byte : bytes) message.push_back(static_cast<std::byte>(byte));
    network.transport(1).send(0, Channel::agreement, message);
    network.advance(1s);
  };
  AgreementSession session(network.transport(0), simulated_timeouts);
  Agreement agreement(session, {}, {});
  SECTION("unknown") {
    send({1, 2, 3});
  }
  SECTION("empty") {
    send({});
  }
  SECTION("cut short") {
    send({0xA1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  }
  SECTION("a count beyond its end") {
    send({0xA1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255});
  }
  CHECK_THROWS_WITH(agreement.step(), ContainsSubstring("rank 1 sent a message"));
}
