#include "rankmesh/comm/generation.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

std::vector<ParallelConfig> layouts() {
  return {{.world_size = 4},
          {.world_size = 8, .tensor = 2},
          {.world_size = 12, .tensor = 2, .pipeline = 3},
          {.world_size = 16, .tensor = 4},
          {.world_size = 16, .tensor = 2, .pipeline = 2}};
}

std::vector<int> without(std::vector<int> processes, const std::set<int>& lost) {
  std::erase_if(processes, [&](int process) { return lost.contains(process); });
  return processes;
}

/// Whether some numbers stand in a list in this order.
bool is_part_in_order(const std::vector<int>& part, const std::vector<int>& list) {
  std::size_t next = 0;
  for (const int number : list) {
    if (next < part.size() && number == part[next]) ++next;
  }
  return next == part.size();
}

const PlannedKind* find_kind(const CommunicatorPlan& plan, GroupKind kind) {
  for (const PlannedKind& planned : plan.kinds()) {
    if (planned.kind == kind) return &planned;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a job starts on the first processes, and the others are idle") {
  const Generation first = first_generation({.world_size = 4, .tensor = 2}, 6);
  CHECK(first.number == 0);
  CHECK(first.process_of_rank == std::vector{0, 1, 2, 3});
  CHECK(first.idle() == std::vector{4, 5});
  CHECK(first.rank_of(3) == 3);
  CHECK_FALSE(first.rank_of(4));
  CHECK_THROWS_AS(first_generation({.world_size = 4}, 3), ConfigError);
}

TEST_CASE("a spare takes the place of a lost process, and later an idle process of a dropped replica does") {
  Generation generation = first_generation({.world_size = 8, .tensor = 2}, 9);
  generation = next_generation(generation, without(generation.processes, {3})).generation;
  CHECK(generation.process_of_rank == std::vector{0, 1, 2, 8, 4, 5, 6, 7});
  generation = next_generation(generation, without(generation.processes, {5})).generation;
  CHECK(generation.process_of_rank == std::vector{0, 1, 2, 8, 6, 7});
  CHECK(generation.idle() == std::vector{4});
  generation = next_generation(generation, without(generation.processes, {1})).generation;
  CHECK(generation.number == 3);
  CHECK(generation.process_of_rank == std::vector{0, 4, 2, 8, 6, 7});
  // Whoever has no rank can be lost without a change.
  generation = first_generation({.world_size = 8, .tensor = 2}, 9);
  const NextGeneration same = next_generation(generation, without(generation.processes, {8}));
  CHECK(same.generation.process_of_rank == generation.process_of_rank);
  CHECK(same.survival.lost.empty());
}

TEST_CASE("whatever is lost, one after another, the job has as many replicas as its processes can make") {
  Random random(20261129);
  for (int round = 0; round < share_of(200); ++round) {
    const std::vector<ParallelConfig> all = layouts();
    const ParallelConfig config = all[static_cast<std::size_t>(random.below(static_cast<int>(all.size())))];
    const int ranks = static_cast<int>(config.world_size);
    Generation generation = first_generation(config, ranks + random.below(4));
    int replicas = next_generation(generation, generation.processes).survival.replicas;
    for (int loss = 0; loss < 6; ++loss) {
      std::set<int> lost;
      for (int count = 1 + random.below(2); count > 0; --count) {
        lost.insert(generation.processes[static_cast<std::size_t>(
            random.below(static_cast<int>(generation.processes.size())))]);
      }
      const std::vector<int> left = without(generation.processes, lost);
      const int size = ranks / replicas;
      INFO("round " << round << ", loss " << loss << ", " << ranks << " ranks, replicas of " << size);
      if (static_cast<int>(left.size()) < size) {
        CHECK_THROWS_AS(next_generation(generation, left), ConfigError);
        break;
      }
      const Generation next = next_generation(generation, left).generation;
      const int before = static_cast<int>(generation.process_of_rank.size()) / size;
      CHECK(static_cast<int>(next.process_of_rank.size()) / size ==
            std::min(before, static_cast<int>(left.size()) / size));
      const std::set<int> distinct(next.process_of_rank.begin(), next.process_of_rank.end());
      CHECK(distinct.size() == next.process_of_rank.size());
      for (const int process : next.process_of_rank) CHECK_FALSE(lost.contains(process));
      // Nobody moves who need not: a process with a rank in a layout of the same size keeps it.
      if (next.process_of_rank.size() == generation.process_of_rank.size()) {
        for (std::size_t rank = 0; rank < next.process_of_rank.size(); ++rank) {
          const int process = generation.process_of_rank[rank];
          CHECK((lost.contains(process) || next.process_of_rank[rank] == process));
        }
      }

      // All members of a group keep its communicator, or none does.
      const CommunicatorPlan plan_before{Topology(generation.config)};
      const CommunicatorPlan plan{Topology(next.config)};
      std::map<std::vector<int>, std::set<bool>> kept_by_members;
      for (const int process : next.process_of_rank) {
        const auto kept =
            kept_steps({plan_before, generation.process_of_rank}, {plan, next.process_of_rank}, process);
        for (const RankStep& step : plan.for_rank(*next.rank_of(process))) {
          if (!step.group) continue;
          std::vector<int> members{static_cast<int>(step.step)};
          for (const int rank : plan.topology().family(step.kind).group(*step.group)) {
            members.push_back(next.process_of_rank[static_cast<std::size_t>(rank)]);
          }
          kept_by_members[members].insert(kept[step.step].has_value());
          if (!kept[step.step]) continue;
          std::vector<int> old{static_cast<int>(step.step)};
          const RankStep own = plan_before.for_rank(*generation.rank_of(process))[*kept[step.step]];
          for (const int rank : plan_before.topology().family(own.kind).group(*own.group)) {
            old.push_back(generation.process_of_rank[static_cast<std::size_t>(rank)]);
          }
          CHECK(old == members);
        }
      }
      for (const auto& [members, answers] : kept_by_members) CHECK(answers.size() == 1);
      generation = next;
    }
  }
}

TEST_CASE("a group goes on with the communicator of its kind that has only lost members, all members alike") {
  Random random(20261130);
  int shrunk = 0;
  for (int round = 0; round < share_of(300); ++round) {
    const std::vector<ParallelConfig> all = layouts();
    const ParallelConfig config = all[static_cast<std::size_t>(random.below(static_cast<int>(all.size())))];
    const Generation first = first_generation(config, static_cast<int>(config.world_size) + random.below(2));
    std::set<int> lost;
    for (int count = 1 + random.below(3); count > 0; --count) {
      lost.insert(random.below(static_cast<int>(first.processes.size())));
    }
    const std::vector<int> left = without(first.processes, lost);
    Generation next;
    try {
      next = next_generation(first, left).generation;
    } catch (const ConfigError&) {
      continue;  // no replica is left
    }
    const CommunicatorPlan plan_before{Topology(first.config)};
    const CommunicatorPlan plan{Topology(next.config)};
    std::map<std::vector<int>, std::set<std::vector<int>>> answers_by_group;
    for (const int process : next.process_of_rank) {
      const auto found =
          predecessors({plan_before, first.process_of_rank}, {plan, next.process_of_rank}, process);
      std::set<std::size_t> used;
      for (const RankStep& step : plan.for_rank(*next.rank_of(process))) {
        const auto& predecessor = found[step.step];
        if (!step.group) {
          CHECK_FALSE(predecessor);
          continue;
        }
        std::vector<int> members;
        for (const int rank : plan.topology().family(step.kind).group(*step.group)) {
          members.push_back(next.process_of_rank[static_cast<std::size_t>(rank)]);
        }
        std::vector<int> answer;
        if (predecessor) {
          CHECK(used.insert(predecessor->step).second);
          // Taking the positions away from the group before leaves this one.
          const RankStep own = plan_before.for_rank(*first.rank_of(process))[predecessor->step];
          std::vector<int> rest;
          int position = 0;
          for (const int rank : plan_before.topology().family(own.kind).group(*own.group)) {
            const auto& out = predecessor->left_out;
            if (std::find(out.begin(), out.end(), position++) != out.end()) continue;
            rest.push_back(first.process_of_rank[static_cast<std::size_t>(rank)]);
          }
          CHECK(rest == members);
          if (!predecessor->left_out.empty()) {
            ++shrunk;
            CHECK(own.kind == step.kind);
          }
          answer = predecessor->left_out;
          answer.push_back(static_cast<int>(predecessor->step));
        } else if (const PlannedKind* const old = find_kind(plan_before, step.kind);
                   old != nullptr && old->step && first.rank_of(process)) {
          // There is none: the communicator of the kind before has other members.
          const RankStep own = plan_before.for_rank(*first.rank_of(process))[*old->step];
          std::vector<int> group;
          if (own.group) {
            for (const int rank : plan_before.topology().family(own.kind).group(*own.group)) {
              group.push_back(first.process_of_rank[static_cast<std::size_t>(rank)]);
            }
          }
          CHECK_FALSE(is_part_in_order(members, group));
        }
        members.push_back(static_cast<int>(step.step));
        answers_by_group[members].insert(answer);
      }
    }
    for (const auto& [members, answers] : answers_by_group) CHECK(answers.size() == 1);
  }
  CHECK(shrunk > share_of(100));
}

TEST_CASE("a group keeps its communicator only with the same processes, key and options") {
  const Generation first = first_generation({.world_size = 8, .tensor = 2}, 9);
  const Generation next = next_generation(first, without(first.processes, {3})).generation;
  const CommunicatorPlan plan{Topology(first.config)};
  const auto keeps = [&](const CommunicatorPlan& after, int process, GroupKind kind) {
    const auto kept = kept_steps({plan, first.process_of_rank}, {after, next.process_of_rank}, process);
    return kept[*after.kind(kind).step].has_value();
  };
  CHECK(keeps(plan, 0, GroupKind::data));
  CHECK(keeps(plan, 0, GroupKind::model));
  CHECK(keeps(plan, 2, GroupKind::data));
  CHECK_FALSE(keeps(plan, 2, GroupKind::model));
  CHECK_FALSE(keeps(plan, 1, GroupKind::data));
  CHECK_FALSE(keeps(plan, 8, GroupKind::data));
  const CommunicatorPlan other{Topology(first.config), {.sharing_keys = {{GroupKind::data, "own"}}}};
  CHECK_FALSE(keeps(other, 0, GroupKind::data));
}

TEST_CASE("two kinds with the same group on a process keep two communicators, each its own") {
  const std::vector<Axis> axes{{.name = "tp", .size = 2}, {.name = "pp", .size = 2}};
  const KindSpec all{.kind = "all", .groups = {.varying = {"pp"}}};
  const KindSpec first{.kind = "first", .groups = {.varying = {"pp"}, .at = {{.axis = "tp", .value = 0}}}};
  const CommunicatorPlan plan{
      Topology({.world_size = 4, .convention = Convention::mesh, .meshes = {axes}, .kinds = {all, first}})};
  const std::vector<int> processes{0, 1, 2, 3};
  const auto kept = kept_steps({plan, processes}, {plan, processes}, 0);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0] == 0);
  CHECK(kept[1] == 1);
}
