#include "strategy.hpp"

#include <mpi.h>

#include <memory>
#include <optional>

#include "rankmesh/mpi/communicators.hpp"

namespace rankmesh::bench {
namespace {

int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

/// Communicators that are freed together, the last first.
class CommunicatorList {
 public:
  MPI_Comm add(MPI_Comm communicator) {
    if (communicator != MPI_COMM_NULL) communicators_.push_back(communicator);
    return communicator;
  }
  [[nodiscard]] Created created(int world_calls) const {
    return {.communicators = static_cast<int>(communicators_.size()),
            .world_calls = world_calls,
            .free = [all = communicators_]() mutable {
              for (auto next = all.rbegin(); next != all.rend(); ++next) MPI_Comm_free(&*next);
            }};
  }

 private:
  std::vector<MPI_Comm> communicators_;
};

MPI_Comm duplicate(MPI_Comm communicator) {
  MPI_Comm result = MPI_COMM_NULL;
  MPI_Comm_dup(communicator, &result);
  return result;
}

MPI_Comm split(MPI_Comm parent, const RankStep& step) {
  MPI_Comm result = MPI_COMM_NULL;
  MPI_Comm_split(parent, step.group.value_or(MPI_UNDEFINED), step.position, &result);
  return result;
}

MPI_Group group_of(MPI_Group all, const RankList& members) {
  const std::vector<int> ranks = members.to_vector();
  MPI_Group group = MPI_GROUP_NULL;
  MPI_Group_incl(all, static_cast<int>(ranks.size()), ranks.data(), &group);
  return group;
}

Created ours(const CommunicatorPlan& plan, Arrivals arrivals) {
  mpi::Options options;
  options.arrivals = arrivals;
  auto groups = std::make_shared<mpi::Communicators>(MPI_COMM_WORLD, plan.topology().config(), options);
  return {.communicators = plan.communicator_count(groups->rank()),
          .world_calls = plan.world_step() ? 1 : 0,
          .free = [groups] { groups->close(); }};
}

/// The members of each group create its communicator, without the other ranks.
/// @param duplicates_world whether to create them from a duplicate of the world
Created by_members(const CommunicatorPlan& plan, const std::vector<RankStep>& steps, bool duplicates_world) {
  CommunicatorList communicators;
  const MPI_Comm parent = duplicates_world ? communicators.add(duplicate(MPI_COMM_WORLD)) : MPI_COMM_WORLD;
  MPI_Group all = MPI_GROUP_NULL;
  MPI_Comm_group(parent, &all);
  for (const RankStep& step : steps) {
    if (!step.group || (duplicates_world && step.step == plan.world_step())) continue;
    MPI_Group group = group_of(all, plan.topology().family(step.kind).group(*step.group));
    MPI_Comm communicator = MPI_COMM_NULL;
    MPI_Comm_create_group(parent, group, static_cast<int>(step.step), &communicator);
    communicators.add(communicator);
    MPI_Group_free(&group);
  }
  MPI_Group_free(&all);
  return communicators.created(duplicates_world ? 1 : 0);
}

/// The cheapest check that all ranks have arrived and that all have finished. It cannot name a missing rank.
Created between_barriers(const CommunicatorPlan& plan, const std::vector<RankStep>& steps) {
  MPI_Barrier(MPI_COMM_WORLD);
  Created created = by_members(plan, steps, true);
  MPI_Barrier(MPI_COMM_WORLD);
  created.world_calls += 2;
  return created;
}

Created by_split(const std::vector<RankStep>& steps) {
  CommunicatorList communicators;
  const MPI_Comm parent = communicators.add(duplicate(MPI_COMM_WORLD));
  for (const RankStep& step : steps) communicators.add(split(parent, step));
  return communicators.created(1 + static_cast<int>(steps.size()));
}

/// Whether each group of a step is part of a group of the other step, whose groups cover all ranks.
bool lies_within(const PlanStep& step, const PlanStep& other, const Topology& topology) {
  const GroupFamily& outer = topology.family(other.kind);
  if (std::int64_t{other.group_count} * other.group_size != topology.world_size()) return false;
  const GroupFamily& family = topology.family(step.kind);
  for (int group = 0; group < family.group_count(); ++group) {
    const RankList members = family.group(group);
    const RankList around = outer.group(outer.locate(members.front())->group);
    for (const int rank : members) {
      if (!around.contains(rank)) return false;
    }
  }
  return true;
}

/// For each step, the earlier step with the smallest groups that contain its groups; nothing for the world.
std::vector<std::optional<std::size_t>> smallest_parents(const CommunicatorPlan& plan) {
  std::vector<std::optional<std::size_t>> parents;
  for (std::size_t i = 0; i < plan.steps().size(); ++i) {
    std::optional<std::size_t> best;
    for (std::size_t j = 0; j < i; ++j) {
      if (best && plan.steps()[j].group_size >= plan.steps()[*best].group_size) continue;
      if (lies_within(plan.steps()[i], plan.steps()[j], plan.topology())) best = j;
    }
    parents.push_back(best);
  }
  return parents;
}

Created by_split_of_parents(const std::vector<RankStep>& steps,
                            const std::vector<std::optional<std::size_t>>& parents) {
  CommunicatorList communicators;
  const MPI_Comm world = communicators.add(duplicate(MPI_COMM_WORLD));
  std::vector<MPI_Comm> by_step;
  int world_calls = 1;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    by_step.push_back(communicators.add(split(parents[i] ? by_step[*parents[i]] : world, steps[i])));
    if (!parents[i]) ++world_calls;
  }
  return communicators.created(world_calls);
}

Created as_reference(const Topology& topology) {
  CommunicatorList communicators;
  MPI_Group all = MPI_GROUP_NULL;
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  int world_calls = 0;
  for (const KindFamily& kind : topology.kinds()) {
    for (int number = 0; number < kind.family.group_count(); ++number) {
      MPI_Group group = group_of(all, kind.family.group(number));
      MPI_Comm communicator = MPI_COMM_NULL;
      MPI_Comm_create(MPI_COMM_WORLD, group, &communicator);
      communicators.add(communicator);
      MPI_Group_free(&group);
      ++world_calls;
    }
  }
  MPI_Group_free(&all);
  return communicators.created(world_calls);
}

}  // namespace

std::vector<Strategy> all_strategies(const CommunicatorPlan& plan) {
  const std::vector<RankStep> steps = plan.for_rank(world_rank());
  const auto parents = smallest_parents(plan);
  return {
      {"rankmesh", [&plan] { return ours(plan, Arrivals::once); }},
      {"rankmesh, arrivals before each step", [&plan] { return ours(plan, Arrivals::before_each_step); }},
      {"by hand", [&plan, steps] { return by_members(plan, steps, true); }},
      {"by hand, between two barriers", [&plan, steps] { return between_barriers(plan, steps); }},
      {"by hand, without a duplicate of the world",
       [&plan, steps] { return by_members(plan, steps, false); }},
      {"by hand, MPI_Comm_split of the world", [steps] { return by_split(steps); }},
      {"by hand, MPI_Comm_split of the smallest parent",
       [steps, parents] { return by_split_of_parents(steps, parents); }},
      {"reference over MPI_Comm_create", [&plan] { return as_reference(plan.topology()); }},
  };
}

}  // namespace rankmesh::bench
