#include "rankmesh/comm/agree_on_plan.hpp"

#include <chrono>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/allocation_failure.hpp"
#include "support/catch.hpp"
#include "support/simulated_network.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;

TEST_CASE("the fields of a configuration are all its fields, and the world size must be that of the job") {
  const auto fields = agreement_fields({.world_size = 16, .tensor = 2, .split_rank = 1, .fp8 = true}, 8);
  REQUIRE(fields.size() == 26);
  CHECK(fields[0] == AgreementField{.field = "world_size", .value = "16", .required = "8"});
  CHECK(fields[2] == AgreementField{.field = "tensor", .value = "2", .required = {}});
  CHECK(fields[5] == AgreementField{.field = "virtual_pipeline", .value = "none", .required = {}});
  CHECK(fields[7] == AgreementField{.field = "fp8", .value = "true", .required = {}});
}

TEST_CASE("a layout among others fills the job up to its end, or the job is as large as it says") {
  const auto required = [](const ParallelConfig& config) {
    std::vector<std::string> texts;
    for (const AgreementField& field : agreement_fields(config, 16)) {
      if (field.required) texts.push_back(field.field + " " + *field.required);
    }
    return texts;
  };
  const auto core = Convention::megatron_core;
  CHECK(required({.world_size = 4, .convention = core, .rank_offset = 4}) ==
        std::vector<std::string>{"world_size 12"});
  CHECK(required({.world_size = 4, .convention = core, .rank_offset = 4, .job_size = 8}) ==
        std::vector<std::string>{"job_size 16"});
}

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

TEST_CASE("fields of the job that have the name of an earlier field are numbered") {
  const ParallelConfig config{.world_size = 2};
  const PlanAgreement what{.fields = {{.field = "layers", .value = "1"},
                                      {.field = "layers", .value = "2"},
                                      {.field = "tensor", .value = "3"},
                                      {.field = "layers", .value = "4"},
                                      {.field = "layers (2)", .value = "5"}}};
  const std::vector<AgreementField> fields = plan_fields(config, what, 2);
  const std::vector<AgreementField> last(fields.end() - 5, fields.end());
  CHECK(last == std::vector<AgreementField>{{.field = "layers", .value = "1"},
                                            {.field = "layers (2)", .value = "2"},
                                            {.field = "tensor (2)", .value = "3"},
                                            {.field = "layers (3)", .value = "4"},
                                            {.field = "layers (2) (2)", .value = "5"}});
}
