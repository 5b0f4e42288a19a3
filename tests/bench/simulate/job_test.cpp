#include "simulate/job.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "simulate/settings.hpp"
#include "simulate/strategy.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::simulate;
using namespace std::chrono_literals;

namespace {

constexpr Strategy strategies[] = {Strategy::split, Strategy::create_group, Strategy::unique_id};

/// A job that has run.
struct Ran {
  Ran(const std::string& layout, Strategy strategy, Arrivals arrivals = Arrivals::once,
      std::optional<LateRank> late = {})
      : plan(Topology(parse_config(layout))),
        job(plan, schedule_options(strategy, {.arrivals = arrivals}), default_costs(), Polling::busy, late,
            group_call(strategy)) {
    job.run();
  }

  CommunicatorPlan plan;
  Job job;
};

/// Rank 0 proposes the verdict of the last agreement to ranks 1 and 2, which accept it. Rank 1 also passes
/// the verdict on to rank 2.
std::int64_t messages_of_collectors(int size) {
  return size >= 3 ? 5 : size == 2 ? 2 : 0;
}

}  // namespace

TEST_CASE(
    "a bring-up by MPI is two messages of the protocols for each rank but one and each round, and a few for "
    "the last verdict") {
  for (const Strategy strategy : {Strategy::split, Strategy::create_group}) {
    for (const std::string layout : {"world=1", "world=2", "world=13", "world=64 tp=2 pp=4 fp8"}) {
      for (const Arrivals arrivals : {Arrivals::once, Arrivals::before_each_step}) {
        CAPTURE(layout);
        Ran ran(layout, strategy, arrivals);
        std::int64_t sent = 0;
        std::int64_t received = 0;
        for (int rank = 0; rank < ran.job.size(); ++rank) {
          sent += ran.job.protocol(rank).messages_sent;
          received += ran.job.protocol(rank).messages_received;
        }
        const auto calls = static_cast<std::int64_t>(ran.plan.steps().size());
        const std::int64_t rounds = arrivals == Arrivals::once ? 2 : 2 + calls;
        CHECK(ran.job.agreements() == rounds);
        CHECK(sent == 2 * rounds * (ran.job.size() - 1) + messages_of_collectors(ran.job.size()));
        // Rank 2 waits for the copy of the verdict from rank 1 too, so that no message is left over.
        CHECK(received == sent);
      }
    }
  }
}

TEST_CASE("NCCL: one message more for each member of a group but the first") {
  for (const std::string layout : {"world=1", "world=2", "world=24 tp=2 pp=3", "world=64 tp=2 pp=4 fp8"}) {
    CAPTURE(layout);
    Ran ran(layout, Strategy::unique_id);
    std::int64_t sent = 0;
    for (int rank = 0; rank < ran.job.size(); ++rank) sent += ran.job.protocol(rank).messages_sent;
    std::int64_t handed_out = 0;
    for (const PlanStep& step : ran.plan.steps()) {
      handed_out += std::int64_t{step.group_count} * (step.group_size - 1);
    }
    CHECK(sent == 2 * ran.job.agreements() * (ran.job.size() - 1) + handed_out +
                      messages_of_collectors(ran.job.size()));
  }
}

TEST_CASE("only the ranks of a group take part in making it") {
  Ran ran("world=64 pp=8", Strategy::create_group);
  const CommunicatorPlan& plan = ran.plan;
  std::int64_t calls = 0;
  for (int rank = 0; rank < ran.job.size(); ++rank) calls += ran.job.calls(rank).messages_sent;
  // Three all-reduces over each group.
  const auto all_reduce = [](int size) {
    return 3 * size * (std::bit_width(static_cast<unsigned>(size)) - 1);
  };
  std::int64_t expected = 0;
  for (const PlanStep& step : plan.steps()) {
    REQUIRE(std::has_single_bit(static_cast<unsigned>(step.group_size)));
    expected += std::int64_t{step.group_count} * all_reduce(step.group_size);
  }
  CHECK(calls == expected);
}

TEST_CASE("ranks that keep what they could make anew send the same at the same time") {
  for (const Strategy strategy : strategies) {
    for (const std::string layout : {"world=7", "world=48 tp=2 pp=4 split-rank=1 fp8",
                                     "world=32 convention=megatron-core tp=2 cp=2 ep=4 pp=2"}) {
      CAPTURE(layout);
      Ran lean(layout, strategy);
      Ran kept(layout, strategy, Arrivals::once, LateRank{.rank = 0, .by = 0ns, .deadline = 300s});
      CHECK(lean.job.finished_at() == kept.job.finished_at());
      for (int rank = 0; rank < lean.job.size(); ++rank) {
        CHECK((lean.job.protocol(rank) == kept.job.protocol(rank)));
        CHECK((lean.job.calls(rank) == kept.job.calls(rank)));
      }
    }
  }
}

TEST_CASE("a simulation is the same every time") {
  Ran first("world=96 tp=4 pp=3", Strategy::unique_id);
  Ran second("world=96 tp=4 pp=3", Strategy::unique_id);
  CHECK(first.job.finished_at() == second.job.finished_at());
  CHECK(first.job.events() == second.job.events());
}

TEST_CASE("who waits for long for a rank that is late tells ranks 0, 1 and 2") {
  const LateRank late{.rank = 63, .by = 100s, .deadline = 300s};
  Ran ran("world=64 tp=2", Strategy::create_group, Arrivals::once, late);
  CHECK(ran.job.finished_at() >= Time(100s));
  CHECK(ran.job.finished_at() < Time(101s));
  // Each of the other 61 once, besides what comes along the tree.
  Ran punctual("world=64 tp=2", Strategy::create_group);
  for (const int collector : {0, 1, 2}) {
    CHECK(ran.job.protocol(collector).messages_received >=
          punctual.job.protocol(collector).messages_received + 61);
  }
  CHECK(ran.job.protocol(40).messages_sent == punctual.job.protocol(40).messages_sent + 3);
}

TEST_CASE("the protocols take a logarithm of messages at any rank, and so do calls among members",
          "[.][large]") {
  struct Most {
    std::int64_t protocol = 0;
    std::int64_t all = 0;
  };
  for (const Strategy strategy : strategies) {
    const auto most_at = [&](int doublings) {
      Ran ran("world=" + std::to_string(1 << doublings) + " tp=8 pp=16", strategy);
      Most most;
      for (int rank = 0; rank < ran.job.size(); ++rank) {
        const std::int64_t protocol = ran.job.protocol(rank).messages();
        most.protocol = std::max(most.protocol, protocol);
        most.all = std::max(most.all, protocol + ran.job.calls(rank).messages());
      }
      return most;
    };
    const Most at_10 = most_at(10);
    const Most at_13 = most_at(13);
    const Most at_16 = most_at(16);
    const std::int64_t steps = 5;
    // A level of the tree is seven messages more up and down in each round, and seven for each group a rank
    // leads; three doublings of the world are a level.
    const std::int64_t level = 7 * (2 * 4 + steps);
    CHECK(at_13.protocol - at_10.protocol <= level);
    CHECK(at_16.protocol - at_13.protocol <= level);
    if (strategy == Strategy::unique_id) continue;
    // For each doubling an all-gather and three all-reduces, sent and received, for each step.
    const std::int64_t calls = 2 * 4 * steps;
    CHECK(at_13.all - at_10.all <= level + 3 * calls);
    CHECK(at_16.all - at_13.all <= level + 3 * calls);
  }
}
