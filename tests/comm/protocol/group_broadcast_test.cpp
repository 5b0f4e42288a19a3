#include "rankmesh/comm/group_broadcast.hpp"

#include <memory>

#include "rankmesh/comm/errors.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "support/catch.hpp"
#include "support/simulated_network.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;

namespace {

Bytes bytes_of(const std::string& text) {
  Bytes bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

/// The payload of a group's leader in these tests.
Payload identifier(std::size_t step, int group) {
  return {.bytes = bytes_of("step " + std::to_string(step) + " group " + std::to_string(group))};
}

/// All ranks of a plan over a simulated network.
struct BroadcastJob {
  explicit BroadcastJob(const ParallelConfig& config, const ContributorCount& contributors = {},
                        const CombineParts& combine = {})
      : plan(Topology(config)),
        network(static_cast<int>(config.world_size)) {
    for (int rank = 0; rank < network.size(); ++rank) {
      exchanges.push_back(
          std::make_unique<GroupBroadcast>(network.transport(rank), plan, contributors, combine));
    }
  }

  /// Runs for some time. Returns the ranks that have finished.
  int run() {
    int done = 0;
    for (int round = 0; round < 100; ++round) {
      done = 0;
      for (auto& exchange : exchanges) done += exchange->step() ? 1 : 0;
      network.advance(1ms);
    }
    return done;
  }

  CommunicatorPlan plan;
  SimulatedNetwork network;
  std::vector<std::unique_ptr<GroupBroadcast>> exchanges;
};

}  // namespace

TEST_CASE("every member gets what the leader of its group hands out, in one exchange for all kinds") {
  for (const ParallelConfig& config :
       {ParallelConfig{.world_size = 1},
        ParallelConfig{.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true},
        ParallelConfig{.world_size = 24, .tensor = 3, .pipeline = 4, .split_rank = 1},
        ParallelConfig{.world_size = 35}, ParallelConfig{.world_size = 30, .sequence = 5, .fp8 = true}}) {
    CAPTURE(to_string(config));
    BroadcastJob job(config);
    int members = 0;
    int groups = 0;
    for (int rank = 0; rank < job.network.size(); ++rank) {
      GroupBroadcast& exchange = *job.exchanges[static_cast<std::size_t>(rank)];
      const auto steps = job.plan.for_rank(rank);
      for (const RankStep& step : steps) members += step.group ? 1 : 0;
      for (const std::size_t step : exchange.contributions()) {
        ++groups;
        CHECK(steps[step].leader == rank);
        exchange.offer(step, identifier(step, *steps[step].group));
      }
    }
    CHECK(job.run() == job.network.size());
    for (int rank = 0; rank < job.network.size(); ++rank) {
      for (const RankStep& step : job.plan.for_rank(rank)) {
        const auto& found = job.exchanges[static_cast<std::size_t>(rank)]->payload(step.step);
        CHECK(found.has_value() == step.group.has_value());
        if (step.group) CHECK((found == identifier(step.step, *step.group)));
      }
    }
    // One message for each member except the leaders, which is the minimum.
    CHECK(job.network.messages_sent() == members - groups);
  }
}

TEST_CASE("no rank sends more than a logarithm of messages for a step") {
  // A tree of three levels in which each node has seven children per level.
  BroadcastJob job({.world_size = 512});
  job.exchanges[0]->offer(0, identifier(0, 0));
  CHECK(job.run() == 512);
  for (const auto& exchange : job.exchanges) CHECK(exchange->messages_sent() <= 21);
}

TEST_CASE("a leader without anything to hand out says why, and nobody waits") {
  BroadcastJob job({.world_size = 8, .tensor = 4});
  for (int rank = 0; rank < 8; ++rank) {
    GroupBroadcast& exchange = *job.exchanges[static_cast<std::size_t>(rank)];
    for (const std::size_t step : exchange.contributions()) {
      exchange.offer(step, rank == 4 ? Payload{.failure = "no identifier to be had"} : identifier(step, 0));
    }
  }
  CHECK(job.run() == 8);
  const std::size_t tensor = *job.plan.kind(GroupKind::tensor).step;
  for (int rank = 0; rank < 8; ++rank) {
    const auto& found = job.exchanges[static_cast<std::size_t>(rank)]->payload(tensor);
    CHECK((found->failure == (rank < 4 ? "" : "no identifier to be had")));
  }
}

TEST_CASE("where a leader is silent, its group waits and the others do not") {
  BroadcastJob job({.world_size = 8, .tensor = 4, .pipeline = 2});
  job.exchanges[0]->offer(*job.plan.kind(GroupKind::tensor).step, identifier(1, 0));
  static_cast<void>(job.run());
  const std::size_t tensor = *job.plan.kind(GroupKind::tensor).step;
  CHECK(job.exchanges[3]->payload(tensor).has_value());
  CHECK_FALSE(job.exchanges[7]->payload(tensor).has_value());
  CHECK_FALSE(job.exchanges[7]->step());
}

TEST_CASE("only a leader offers, and once; only its parent's word is taken") {
  BroadcastJob job({.world_size = 4});
  CHECK_THROWS_AS(job.exchanges[1]->offer(0, identifier(0, 0)), StateError);
  CHECK_THROWS_AS(job.exchanges[0]->offer(7, identifier(7, 0)), StateError);
  job.exchanges[0]->offer(0, identifier(0, 0));
  CHECK_THROWS_AS(job.exchanges[0]->offer(0, identifier(0, 0)), StateError);
  const Bytes junk = bytes_of("junk");
  job.network.transport(2).send(1, Channel::group_broadcast, junk);
  job.network.advance(1ms);
  CHECK_THROWS_WITH(job.exchanges[1]->step(),
                    ContainsSubstring("rank 0 sent a message") || ContainsSubstring("rank 2 sent a message"));
}

TEST_CASE("several contributors: every member gets all parts in the order of the positions") {
  for (const int per_part : {1, 2, 3, 4, 5, 7, 100}) {
    const ParallelConfig config{.world_size = 44, .tensor = 2, .pipeline = 2, .fp8 = true};
    CAPTURE(per_part);
    BroadcastJob job(config, [=](const RankStep& step) { return (step.size + per_part - 1) / per_part; });
    int parts = 0;
    for (int rank = 0; rank < job.network.size(); ++rank) {
      GroupBroadcast& exchange = *job.exchanges[static_cast<std::size_t>(rank)];
      for (const std::size_t step : exchange.contributions()) {
        ++parts;
        exchange.offer(step, {.bytes = bytes_of("<" + std::to_string(rank) + ">")});
      }
    }
    CHECK(job.run() == job.network.size());
    int members = 0;
    for (int rank = 0; rank < job.network.size(); ++rank) {
      for (const RankStep& step : job.plan.for_rank(rank)) {
        if (!step.group) continue;
        ++members;
        // Brute force: cut the list into slices whose lengths differ by at most one, the longer slices first.
        const std::vector<int> group = job.plan.topology().family(step.kind).group(*step.group).to_vector();
        const int count = (step.size + per_part - 1) / per_part;
        std::string expected;
        std::size_t next = 0;
        for (int slice = 0; slice < count; ++slice) {
          expected += "<" + std::to_string(group[next]) + ">";
          next += static_cast<std::size_t>(step.size / count + (slice < step.size % count ? 1 : 0));
        }
        const auto& found = job.exchanges[static_cast<std::size_t>(rank)]->payload(step.step);
        CHECK((found->bytes == bytes_of(expected)));
      }
    }
    // One message for each member except the leaders, and one for each part that the leader does not keep.
    int groups = 0;
    for (const PlanStep& step : job.plan.steps()) groups += step.group_count;
    CHECK(job.network.messages_sent() == members - groups + parts - groups);
  }
}

TEST_CASE("a contributor without a part ends the wait of its group with its reason") {
  BroadcastJob job({.world_size = 8}, [](const RankStep&) { return 4; });
  for (const int rank : {0, 2, 4, 6}) {
    job.exchanges[static_cast<std::size_t>(rank)]->offer(
        0, rank == 4 ? Payload{.failure = "no identifier"} : identifier(0, rank));
  }
  CHECK(job.run() == 8);
  for (const auto& exchange : job.exchanges)
    CHECK((exchange->payload(0) == Payload{.failure = "no identifier"}));
}

TEST_CASE("a part from a rank that contributes none is refused") {
  BroadcastJob job({.world_size = 8}, [](const RankStep&) { return 2; });
  job.exchanges[4]->offer(0, identifier(0, 0));
  CHECK_THROWS_AS(job.exchanges[2]->offer(0, identifier(0, 0)), StateError);
  // The message of rank 4, sent by rank 5.
  job.network.advance(1ms);
  const auto part = job.network.transport(0).receive(Channel::group_broadcast);
  REQUIRE(part.has_value());
  job.network.transport(5).send(0, Channel::group_broadcast, part->bytes);
  job.network.advance(1ms);
  CHECK_THROWS_WITH(job.exchanges[0]->step(), ContainsSubstring("rank 5 sent a message"));
}

TEST_CASE("the first member makes of all parts what the caller wants") {
  // All members of the tensor groups answer; the first says whether all of them said yes.
  const ParallelConfig config{.world_size = 12, .tensor = 3};
  const CommunicatorPlan plan{Topology(config)};
  const std::size_t tensor = *plan.kind(GroupKind::tensor).step;
  BroadcastJob job(
      config, [=](const RankStep& step) { return step.step == tensor ? step.size : 1; },
      [=](std::size_t step, const std::vector<Payload>& parts) {
        if (step != tensor) return joined(parts);
        for (const Payload& part : parts) {
          if (part.bytes != bytes_of("yes")) return Payload{.bytes = bytes_of("not all")};
        }
        return Payload{.bytes = bytes_of("all " + std::to_string(parts.size()))};
      });
  for (int rank = 0; rank < job.network.size(); ++rank) {
    GroupBroadcast& exchange = *job.exchanges[static_cast<std::size_t>(rank)];
    for (const std::size_t step : exchange.contributions()) {
      exchange.offer(step, {.bytes = bytes_of(rank == 5 ? "no" : "yes")});
    }
  }
  CHECK(job.run() == job.network.size());
  for (int rank = 0; rank < job.network.size(); ++rank) {
    const auto& found = job.exchanges[static_cast<std::size_t>(rank)]->payload(tensor);
    CHECK((found->bytes == bytes_of(rank / 3 == 1 ? "not all" : "all 3")));
    const auto& data =
        job.exchanges[static_cast<std::size_t>(rank)]->payload(*plan.kind(GroupKind::data).step);
    CHECK((data->bytes == bytes_of("yes")));
  }
}
