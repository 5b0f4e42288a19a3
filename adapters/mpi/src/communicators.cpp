#include "rankmesh/mpi/communicators.hpp"

#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rank_ranges.hpp"
#include "rankmesh/mpi/error.hpp"

namespace rankmesh::mpi {
namespace {

std::optional<std::string> failure_of(int code, const char* call, const RankStep* step = nullptr) {
  if (code == MPI_SUCCESS) return std::nullopt;
  MpiError::Details details{.call = call, .code = code};
  if (step != nullptr) {
    details.kind = step->kind;
    details.group = step->group;
  }
  return MpiError(std::move(details)).what();
}

Communicator duplicate(BringUp& bring_up) {
  MPI_Comm made = MPI_COMM_NULL;
  bring_up.in_turn({.name = "MPI_Comm_dup", .part = "duplicate"}, [&] {
    return failure_of(MPI_Comm_dup(bring_up.caller().native(), &made), "MPI_Comm_dup");
  });
  bring_up.done_in_turn("duplicate");
  return Communicator::from_native_handle(made);
}

/// A group of MPI, freed at the end of the scope.
struct Group {
  Group() = default;
  explicit Group(MPI_Comm communicator) { MPI_Comm_group(communicator, &native); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() {
    if (native != MPI_GROUP_NULL) MPI_Group_free(&native);
  }

  MPI_Group native = MPI_GROUP_NULL;
};

/// Makes the communicator of a group, by its members alone: the rest of the world takes no part. The tag is
/// the number of the step, so that the ranks of two steps cannot meet.
std::optional<std::string> create(MPI_Comm world, const Group& all, const RankList& members,
                                  const RankStep& step, MPI_Comm& made) {
  std::vector<RankRange> ranges = ranges_of(members);
  Group group;
  const int code = MPI_Group_range_incl(all.native, static_cast<int>(ranges.size()),
                                        reinterpret_cast<int(*)[3]>(ranges.data()), &group.native);
  if (code != MPI_SUCCESS) return failure_of(code, "MPI_Group_range_incl", &step);
  return failure_of(MPI_Comm_create_group(world, group.native, static_cast<int>(step.step), &made),
                    "MPI_Comm_create_group", &step);
}

Communicator create(BringUp& bring_up, MPI_Comm world, const Group& all, const RankStep& step) {
  MPI_Comm made = MPI_COMM_NULL;
  const GroupFamily& family = bring_up.plan().topology().family(step.kind);
  bring_up.in_turn({.name = "MPI_Comm_create_group", .part = step.kind.name()},
                   [&]() -> std::optional<std::string> {
                     if (!step.group) return std::nullopt;
                     return create(world, all, family.group(*step.group), step, made);
                   });
  if (made != MPI_COMM_NULL) bring_up.caller().hand_on_error_handler(made);
  bring_up.done_in_turn(step.kind.name());
  return Communicator::from_native_handle(made);
}

Communicators bring_up_alone(MPI_Comm communicator, const ParallelConfig& config, const Options& options) {
  BringUp bring_up(communicator, config, options);
  return bring_up.guarded([&] {
    bring_up.begin(1 + Communicators::parts(bring_up.plan()));
    Communicators made(bring_up);
    bring_up.complete();
    return made;
  });
}

/// The members of a communicator, by position, as ranks of the world.
std::vector<int> members_of(MPI_Comm communicator, MPI_Comm world) {
  const Group group(communicator);
  const Group all(world);
  int size = 0;
  MPI_Group_size(group.native, &size);
  std::vector<int> positions(static_cast<std::size_t>(size));
  std::iota(positions.begin(), positions.end(), 0);
  std::vector<int> ranks(positions.size());
  MPI_Group_translate_ranks(group.native, size, positions.data(), all.native, ranks.data());
  return ranks;
}

}  // namespace

Communicators::Communicators(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
    : Communicators(bring_up_alone(communicator, config, options)) {}

Communicators::Communicators(BringUp& bring_up)
    : world_(duplicate(bring_up)),
      set_(bring_up.shared_plan(), bring_up.rank(),
           [&, world = world_.native(), all = Group(world_.native())](const RankStep& step) {
             if (step.step != bring_up.plan().world_step()) return create(bring_up, world, all, step);
             bring_up.done_in_turn(step.kind.name());
             return std::move(world_);
           }) {
  // It treats errors as the caller's communicator does, now that nothing is made from it any more.
  bring_up.caller().hand_on_error_handler(world());
}

Communicators::Communicators(Communicator world, CommunicatorSet<Communicator> set)
    : world_(std::move(world)),
      set_(std::move(set)) {}

Communicators Communicators::from_native_handles(const CommunicatorPlan& plan, MPI_Comm world,
                                                 const std::map<GroupKind, MPI_Comm>& communicators) {
  int rank = 0;
  MPI_Comm_rank(world, &rank);
  auto set = adopt_communicators<Communicator>(
      plan, rank, communicators, [&](MPI_Comm given, const RankStep& step, const RankList& members) {
        if (given == MPI_COMM_NULL) return std::string("is MPI_COMM_NULL");
        if (members_of(given, world) == members.to_vector()) return std::string();
        return "does not have the " + std::to_string(step.size) + " members of group " +
               std::to_string(*step.group) + " in their order";
      });
  return {Communicator::from_native_handle(world), std::move(set)};
}

MPI_Comm Communicators::world() const noexcept {
  if (!world_.is_empty()) return world_.native();
  if (set_.is_cleared()) return MPI_COMM_NULL;
  const auto step = plan().world_step();
  return step ? set_.native_of(*step) : MPI_COMM_NULL;
}

void Communicators::close() noexcept {
  set_.clear();
  world_.reset();
}

}  // namespace rankmesh::mpi
