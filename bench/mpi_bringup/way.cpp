#include "way.hpp"

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

/// Communicators that are freed by hand, the last first.
class Communicators {
 public:
  MPI_Comm add(MPI_Comm made) {
    if (made != MPI_COMM_NULL) communicators_.push_back(made);
    return made;
  }
  [[nodiscard]] Made made(int world_calls) const {
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
  MPI_Comm made = MPI_COMM_NULL;
  MPI_Comm_dup(communicator, &made);
  return made;
}

MPI_Comm split(MPI_Comm parent, const RankStep& step) {
  MPI_Comm made = MPI_COMM_NULL;
  MPI_Comm_split(parent, step.group.value_or(MPI_UNDEFINED), step.position, &made);
  return made;
}

MPI_Group group_of(MPI_Group all, const RankList& members) {
  const std::vector<int> ranks = members.to_vector();
  MPI_Group group = MPI_GROUP_NULL;
  MPI_Group_incl(all, static_cast<int>(ranks.size()), ranks.data(), &group);
  return group;
}

Made ours(const CommunicatorPlan& plan, Arrivals arrivals) {
  mpi::Options options;
  options.arrivals = arrivals;
  auto groups = std::make_shared<mpi::Communicators>(MPI_COMM_WORLD, plan.topology().config(), options);
  const int communicators = plan.communicator_count(groups->rank()) + (plan.world_step() ? 0 : 1);
  return {.communicators = communicators, .world_calls = 1, .free = [groups] { groups->close(); }};
}

/// Each group by its members alone.
/// @param is_apart whether they are made from a duplicate of the world, which is kept too
Made by_members(const CommunicatorPlan& plan, const std::vector<RankStep>& steps, bool is_apart) {
  Communicators made;
  const MPI_Comm parent = is_apart ? made.add(duplicate(MPI_COMM_WORLD)) : MPI_COMM_WORLD;
  MPI_Group all = MPI_GROUP_NULL;
  MPI_Comm_group(parent, &all);
  for (const RankStep& step : steps) {
    if (!step.group || (is_apart && step.step == plan.world_step())) continue;
    MPI_Group group = group_of(all, plan.topology().family(step.kind).group(*step.group));
    MPI_Comm communicator = MPI_COMM_NULL;
    MPI_Comm_create_group(parent, group, static_cast<int>(step.step), &communicator);
    made.add(communicator);
    MPI_Group_free(&group);
  }
  MPI_Group_free(&all);
  return made.made(is_apart ? 1 : 0);
}

/// The least that lets a rank know that all others have come, and that they are done: it cannot say who is
/// missing.
Made between_barriers(const CommunicatorPlan& plan, const std::vector<RankStep>& steps) {
  MPI_Barrier(MPI_COMM_WORLD);
  Made made = by_members(plan, steps, true);
  MPI_Barrier(MPI_COMM_WORLD);
  made.world_calls += 2;
  return made;
}

Made by_split(const std::vector<RankStep>& steps) {
  Communicators made;
  const MPI_Comm parent = made.add(duplicate(MPI_COMM_WORLD));
  for (const RankStep& step : steps) made.add(split(parent, step));
  return made.made(1 + static_cast<int>(steps.size()));
}

/// Whether each group of a step lies within one of the other, and every rank is in one of those.
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

/// For each step the one before it with the smallest groups that hold its own; nothing for the world.
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

Made by_split_of_parents(const std::vector<RankStep>& steps,
                         const std::vector<std::optional<std::size_t>>& parents) {
  Communicators made;
  const MPI_Comm world = made.add(duplicate(MPI_COMM_WORLD));
  std::vector<MPI_Comm> by_step;
  int world_calls = 1;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    by_step.push_back(made.add(split(parents[i] ? by_step[*parents[i]] : world, steps[i])));
    if (!parents[i]) ++world_calls;
  }
  return made.made(world_calls);
}

Made as_reference(const Topology& topology) {
  Communicators made;
  MPI_Group all = MPI_GROUP_NULL;
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  int world_calls = 0;
  for (const KindFamily& kind : topology.kinds()) {
    for (int number = 0; number < kind.family.group_count(); ++number) {
      MPI_Group group = group_of(all, kind.family.group(number));
      MPI_Comm communicator = MPI_COMM_NULL;
      MPI_Comm_create(MPI_COMM_WORLD, group, &communicator);
      made.add(communicator);
      MPI_Group_free(&group);
      ++world_calls;
    }
  }
  MPI_Group_free(&all);
  return made.made(world_calls);
}

}  // namespace

std::vector<Way> all_ways(const CommunicatorPlan& plan) {
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
