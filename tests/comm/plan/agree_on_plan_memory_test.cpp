// A program of its own, since it replaces `operator new`.
#include <chrono>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "rankmesh/comm/agree_on_plan.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/simulated_network.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;

namespace {

/// The transport of rank 0 of two. While rank 0 waits, rank 1 takes its steps, and time passes.
class BesideAnotherRank : public Transport {
 public:
  explicit BesideAnotherRank(SimulatedNetwork& network, AgreementSession& other_session,
                             std::vector<AgreementField> other_fields)
      : network_(network),
        transport_(network.transport(0)),
        other_(other_session, std::move(other_fields), {}) {}

  [[nodiscard]] int rank() const noexcept override { return transport_.rank(); }
  [[nodiscard]] int size() const noexcept override { return transport_.size(); }
  void send(int to, Channel channel, std::span<const std::byte> bytes) override {
    transport_.send(to, channel, bytes);
  }
  [[nodiscard]] bool sends_done(Channel channel) override { return transport_.sends_done(channel); }
  [[nodiscard]] std::optional<Message> receive(Channel channel) override {
    return transport_.receive(channel);
  }
  [[nodiscard]] Duration now() override { return transport_.now(); }
  void idle() override { let_other_run(); }

  /// Carries the other rank on by one step. Returns its verdict, if it has one.
  std::optional<Verdict> let_other_run() {
    const int failing = fail_allocation(0);
    network_.advance(10ms);
    const bool is_done = other_.step();
    fail_allocation(failing);
    return is_done ? std::optional(other_.verdict()) : std::nullopt;
  }

 private:
  SimulatedNetwork& network_;
  Transport& transport_;
  Agreement other_;
};

}  // namespace

TEST_CASE("memory that runs out on one rank while it makes the plan and the fields is told to the others") {
  const ParallelConfig config{.world_size = 2};
  const PlanAgreement what{.fields = {{.field = "layers", .value = "2"}}};
  constexpr Timeouts timeouts{.deadline = 80s, .grace = 2s};
  constexpr int none = 1'000'000;
  fail_allocation(none);
  static_cast<void>(CommunicatorPlan(Topology(config)));
  static_cast<void>(plan_fields(config, what, 2));
  const int allocations = none - fail_allocation(0);
  REQUIRE(allocations > 10);
  for (int nth = 1; nth <= allocations; ++nth) {
    CAPTURE(nth);
    SimulatedNetwork network(2);
    AgreementSession other_session(network.transport(1), timeouts);
    BesideAnotherRank transport(network, other_session, plan_fields(config, what, 2));
    AgreementSession session(transport, timeouts);
    fail_allocation(nth);
    CHECK_THROWS_AS(agree_on_plan(session, config, what), std::bad_alloc);
    CHECK(fail_allocation(0) == 0);
    std::optional<Verdict> verdict;
    while (!verdict) verdict = transport.let_other_run();
    REQUIRE(verdict->outcome == Verdict::Outcome::failed);
    CHECK(verdict->failures == std::vector<RankFailure>{{0, "std::bad_alloc"}});
  }
}
