// The proof of the communicators of a generation: against every way in which two members can be wrong.
#include "rankmesh/comm/prove_groups.hpp"

#include <cstddef>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "rankmesh/comm/plan.hpp"
#include "support/catch.hpp"

using namespace rankmesh;

namespace {

/// The communicators of one rank, as an adapter has them. A communicator is the list of its members.
struct Made {
  struct Group {
    std::vector<int> members{};
    [[nodiscard]] bool has_communicator() const { return members.size() > 1; }
    [[nodiscard]] const std::vector<int>& native() const { return members; }
  };

  [[nodiscard]] const CommunicatorPlan& plan() const { return its_plan; }
  [[nodiscard]] int rank() const { return its_rank; }
  [[nodiscard]] Group at(GroupKind kind) const {
    if (kind == wrong_kind) return {wrong};
    const RankList ranks = its_plan.topology().group_of(kind, its_rank);
    Group group;
    for (const int rank : ranks) group.members.push_back(process_of_rank[static_cast<std::size_t>(rank)]);
    return group;
  }

  const CommunicatorPlan& its_plan;
  const std::vector<int>& process_of_rank;
  int its_rank = 0;
  std::optional<GroupKind> wrong_kind{};
  std::vector<int> wrong{};
};

/// The sums that the members of a communicator compute.
MembershipSum sum_in(const std::vector<int>& members) {
  MembershipSum sum{};
  for (std::size_t position = 0; position < members.size(); ++position) {
    const MembershipSum own = membership_hashes(members[position], static_cast<int>(position));
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += own[i];
  }
  return sum;
}

bool is_proven(const Made& made) {
  try {
    prove_groups(made, made.process_of_rank,
                 [](GroupKind /*kind*/, const std::vector<int>& members) { return sum_in(members); });
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

TEST_CASE("communicators with the members of their groups in order are proven, and no others") {
  constexpr int processes = 14;
  const ParallelConfig config{.world_size = 12, .tensor = 3, .pipeline = 2};
  const Topology topology(config);
  const CommunicatorPlan plan(topology);
  // Two spares have taken places.
  std::vector<int> process_of_rank(12);
  std::iota(process_of_rank.begin(), process_of_rank.end(), 0);
  process_of_rank[4] = 13;
  process_of_rank[7] = 12;
  int wrong_ones = 0;
  for (int rank = 0; rank < config.world_size; ++rank) {
    CAPTURE(rank);
    Made made{.its_plan = plan, .process_of_rank = process_of_rank, .its_rank = rank};
    CHECK(is_proven(made));
    for (const PlanStep& step : plan.steps()) {
      CAPTURE(step.kind.name());
      made.wrong_kind.reset();
      const std::vector<int> right = made.at(step.kind).members;
      if (right.size() < 2) continue;
      made.wrong_kind = step.kind;
      for (std::size_t i = 0; i < right.size(); ++i) {
        // Another process instead of one, or twice; two in each other's place; one too few.
        for (int other = 0; other < processes; ++other) {
          made.wrong = right;
          made.wrong[i] = other;
          CHECK(is_proven(made) == (made.wrong == right));
          wrong_ones += made.wrong == right ? 0 : 1;
        }
        for (std::size_t k = 0; k < i; ++k) {
          made.wrong = right;
          std::swap(made.wrong[i], made.wrong[k]);
          CHECK(!is_proven(made));
        }
        made.wrong = right;
        made.wrong.erase(made.wrong.begin() + static_cast<std::ptrdiff_t>(i));
        if (made.wrong.size() > 1) CHECK(!is_proven(made));
      }
    }
  }
  CHECK(wrong_ones > 1000);
}
