#include "rankmesh/mpi/communicators.hpp"

#include <cstdint>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "fault_tolerance.hpp"
#include "origin.hpp"
#include "rank_ranges.hpp"
#include "rankmesh/comm/generation.hpp"
#include "rankmesh/mpi/error.hpp"
#include "rankmesh/mpi/error_handler_guard.hpp"
#include "require_success.hpp"
#include "sessions.hpp"

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

/// A group of MPI, freed at the end of the scope.
struct Group {
  Group() = default;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() {
    if (native != MPI_GROUP_NULL) MPI_Group_free(&native);
  }

  MPI_Group native = MPI_GROUP_NULL;
};

/// Makes the communicator of a group, by its members alone: the rest of the world takes no part.
/// @param tag another one for each step, so that the ranks of two steps cannot meet
std::optional<std::string> create(MPI_Comm world, const Group& members, int tag, const RankStep* step,
                                  Communicator& made) {
  MPI_Comm native = MPI_COMM_NULL;
  if (const int failed = MPI_Comm_create_group(world, members.native, tag, &native); failed != MPI_SUCCESS) {
    return failure_of(failed, "MPI_Comm_create_group", step);
  }
  made = Communicator::from_native_handle(native);
  return std::nullopt;
}

/// The members of a communicator, by position, as ranks of the world.
/// @throws MpiError
std::vector<int> members_of(MPI_Comm communicator, const Group& world) {
  Group group;
  require_success(MPI_Comm_group(communicator, &group.native), "MPI_Comm_group");
  int size = 0;
  require_success(MPI_Group_size(group.native, &size), "MPI_Group_size");
  std::vector<int> positions(static_cast<std::size_t>(size));
  std::iota(positions.begin(), positions.end(), 0);
  std::vector<int> ranks(positions.size());
  require_success(MPI_Group_translate_ranks(group.native, size, positions.data(), world.native, ranks.data()),
                  "MPI_Group_translate_ranks");
  return ranks;
}

std::vector<int> checked_members(MPI_Comm communicator, std::span<const int> ranks) {
  require_members(communicator, ranks);
  return {ranks.begin(), ranks.end()};
}

/// Whether a communicator connects two groups.
/// @throws MpiError
bool is_inter_communicator(MPI_Comm communicator) {
  int is_inter = 0;
  require_success(MPI_Comm_test_inter(communicator, &is_inter), "MPI_Comm_test_inter");
  return is_inter != 0;
}

}  // namespace

Communicators::Communicators(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
    : Communicators(brought_up({communicator, {}, options}, config)) {}

Communicators::Communicators(MPI_Comm communicator, std::span<const int> ranks, const ParallelConfig& config,
                             const Options& options)
    : Communicators(brought_up({communicator, checked_members(communicator, ranks), options}, config)) {}

Communicators Communicators::brought_up(Origin origin, const ParallelConfig& config, const Before* before) {
  BringUp bring_up(origin.communicator, config, origin.options, std::nullopt, origin.members);
  return run_or_abandon(bring_up.session(), [&] {
    Builder builder(bring_up, origin.attempt);
    if (origin.has_failures) builder.expect_failures();
    std::vector<std::optional<std::size_t>> kept(bring_up.rank_steps().size());
    if (before != nullptr) {
      const int process = origin.members[static_cast<std::size_t>(bring_up.rank())];
      kept = kept_steps({before->communicators.plan(), before->process_of_rank},
                        {bring_up.plan(), origin.members}, process);
      std::vector<bool> is_kept;
      for (const auto& step : kept) {
        is_kept.push_back(step.has_value());
        if (step && before->communicators.set_.native_of(*step) == MPI_COMM_NULL) {
          const GroupKind kind = before->communicators.plan().steps()[*step].kind;
          bring_up.fail("the " + std::string(kind.name()) + " communicator was closed or released");
        }
      }
      builder.keep(std::move(is_kept));
    }
    for (const BringUpStep& step : bring_up.schedule().steps()) {
      if (step.action == BringUpStep::Action::complete) {
        bring_up.carry_out(step);
      } else if (step.action != BringUpStep::Action::agree) {
        builder.carry_out(step);
      }
    }
    Communicators made =
        builder.take([&](std::size_t step) { return before->communicators.set_.release_step(*kept[step]); });
    made.origin_ = std::make_shared<const Origin>(std::move(origin));
    return made;
  });
}

/// The state of a builder.
struct Communicators::Builder::State {
  State(BringUp& on, std::optional<int> attempt_of_job)
      : bring_up(on),
        made(on.rank_steps().size()),
        attempt(attempt_of_job) {
    if (auto why = failure_of(MPI_Comm_group(on.communicator(), &all.native), "MPI_Comm_group")) {
      on.fail(*std::move(why));
    }
  }

  /// A tag for the calls of a step. What a failed bring-up may have left behind in the caller's communicator
  /// has another one: until 64 attempts later in a job, and 64 bring-ups later elsewhere. Those of two lists
  /// of members outside of a job have the same one with a probability of 1/64.
  [[nodiscard]] int tag(std::size_t step) const {
    constexpr std::uint64_t tags_of_a_bring_up = 256;
    constexpr std::uint64_t bring_ups = 64;
    const std::uint64_t ordinal = bring_up.transport().session_ordinal();
    // Every MPI has twice as many tags: one half for jobs.
    const std::uint64_t block = attempt ? bring_ups + static_cast<std::uint64_t>(*attempt) % bring_ups
                                        : (ordinal + group_of(ordinal)) % bring_ups;
    return static_cast<int>(block * tags_of_a_bring_up + step % tags_of_a_bring_up);
  }

  /// Makes the communicator of this rank's group in a step, or of all ranks of the job without a step.
  [[nodiscard]] std::optional<std::string> create(const RankStep* step, Communicator& communicator) {
    if (has_failures) return split_off(step, communicator);
    Group group;
    if (auto why = select(step, group)) return why;
    return mpi::create(bring_up.communicator(), group, tag(step != nullptr ? step->step : 0), step,
                       communicator);
  }

  /// The same where processes have failed: all ranks of the job take part.
  [[nodiscard]] std::optional<std::string> split_off(const RankStep* step, Communicator& communicator) {
    MPI_Comm native = MPI_COMM_NULL;
    if (job.is_empty()) {
      Group group;
      if (auto why = select(nullptr, group)) return why;
      const std::string name = "rankmesh." + std::to_string(bring_up.transport().session_ordinal());
      if (const int failed = create_apart(group.native, name, native); failed != MPI_SUCCESS) {
        return failure_of(failed, "MPI_Comm_create_from_group", step);
      }
      job = Communicator::from_native_handle(native);
    }
    int color = 0;
    int key = bring_up.rank();
    if (step != nullptr) {
      const std::optional<Place> place = bring_up.plan().topology().family(step->kind).locate(key);
      color = place && step->group ? *step->group : MPI_UNDEFINED;
      key = place ? place->position : 0;
    }
    native = MPI_COMM_NULL;
    if (const int failed = split(job.native(), color, key, native); failed != MPI_SUCCESS) {
      return failure_of(failed, "MPI_Comm_split", step);
    }
    if (native != MPI_COMM_NULL) communicator = Communicator::from_native_handle(native);
    return std::nullopt;
  }

  /// The members of this rank's group in a step, or all ranks of the job.
  [[nodiscard]] std::optional<std::string> select(const RankStep* step, Group& group) const {
    const std::vector<int>& members_of_job = bring_up.members();
    if (step != nullptr && members_of_job.empty()) {
      const RankList members = bring_up.plan().topology().family(step->kind).group(*step->group);
      std::vector<RankRange> ranges = ranges_of(members);
      return failure_of(MPI_Group_range_incl(all.native, static_cast<int>(ranges.size()),
                                             reinterpret_cast<int(*)[3]>(ranges.data()), &group.native),
                        "MPI_Group_range_incl", step);
    }
    std::vector<int> ranks = members_of_job;
    if (step != nullptr) {
      ranks.clear();
      const RankList members = bring_up.plan().topology().family(step->kind).group(*step->group);
      for (const int rank : members) ranks.push_back(members_of_job[static_cast<std::size_t>(rank)]);
    }
    return failure_of(MPI_Group_incl(all.native, static_cast<int>(ranks.size()), ranks.data(), &group.native),
                      "MPI_Group_incl", step);
  }

  [[nodiscard]] bool is_kept(std::size_t step) const { return !kept.empty() && kept[step]; }

  [[nodiscard]] std::optional<std::string> duplicate(const RankStep* step, Communicator& communicator) const {
    MPI_Comm native = MPI_COMM_NULL;
    if (const int failed = MPI_Comm_dup(bring_up.communicator(), &native); failed != MPI_SUCCESS) {
      return failure_of(failed, "MPI_Comm_dup", step);
    }
    communicator = Communicator::from_native_handle(native);
    return std::nullopt;
  }

  BringUp& bring_up;
  /// The group of the caller's communicator.
  Group all{};
  /// Whether processes of the caller's communicator may have failed, see `Origin`.
  bool has_failures = false;
  /// In that case, what the others are split off from.
  Communicator job{};
  /// A duplicate for no step of the plan.
  Communicator world{};
  /// By step of the plan; empty where this rank has no group.
  std::vector<Communicator> made;
  std::optional<int> attempt;
  /// By step of the plan; empty for none.
  std::vector<bool> kept{};
};

Communicators::Builder::Builder(BringUp& bring_up, std::optional<int> attempt)
    : state_(std::make_unique<State>(bring_up, attempt)) {}

Communicators::Builder::~Builder() = default;

void Communicators::Builder::expect_failures() {
  state_->has_failures = true;
}

void Communicators::Builder::keep(std::vector<bool> kept) {
  state_->kept = std::move(kept);
}

void Communicators::Builder::carry_out(const BringUpStep& step) {
  BringUp& bring_up = state_->bring_up;
  const RankStep* const own = step.plan_step ? &bring_up.rank_steps()[*step.plan_step] : nullptr;
  Communicator& made = step.plan_step ? state_->made[*step.plan_step] : state_->world;
  const bool is_kept = step.plan_step && state_->is_kept(*step.plan_step);
  const bool is_duplicate = step.action == BringUpStep::Action::duplicate && bring_up.members().empty();
  switch (step.action) {
    case BringUpStep::Action::duplicate:
    case BringUpStep::Action::create_group:
      return bring_up.carry_out(step, is_duplicate ? "MPI_Comm_dup" : "MPI_Comm_create_group",
                                [&]() -> std::optional<std::string> {
                                  if (is_kept) return std::nullopt;
                                  if (is_duplicate) return state_->duplicate(own, made);
                                  const bool is_in_no_group = own != nullptr && !own->group;
                                  const bool takes_part = !is_in_no_group || state_->has_failures;
                                  if (!takes_part || state_->all.native == MPI_GROUP_NULL)
                                    return std::nullopt;
                                  return state_->create(own, made);
                                });
    default:
      throw std::logic_error(step.name);  // a step of NCCL
  }
}

std::optional<std::string> Communicators::Builder::make_over_all(Communicator& made) const {
  return state_->create(nullptr, made);
}

Communicators Communicators::Builder::take(const std::function<Communicator(std::size_t step)>& kept) {
  const BringUp& bring_up = state_->bring_up;
  if (!state_->world.is_empty()) bring_up.give_original_handler_to(state_->world.native());
  for (const Communicator& made : state_->made) {
    if (!made.is_empty()) bring_up.give_original_handler_to(made.native());
  }
  CommunicatorSet<Communicator> set(bring_up.shared_plan(), bring_up.rank(), [&](const RankStep& step) {
    return state_->is_kept(step.step) ? kept(step.step) : std::move(state_->made[step.step]);
  });
  return {std::move(state_->world), std::move(set)};
}

Communicators::Communicators(Communicator world, CommunicatorSet<Communicator> set)
    : world_(std::move(world)),
      set_(std::move(set)) {}

Communicators Communicators::from_native_handles(const CommunicatorPlan& plan, MPI_Comm world,
                                                 const std::map<GroupKind, MPI_Comm>& communicators) {
  const ErrorHandlerGuard guard(world);
  int rank = 0;
  require_success(MPI_Comm_rank(world, &rank), "MPI_Comm_rank");
  Group all;
  require_success(MPI_Comm_group(world, &all.native), "MPI_Comm_group");
  auto set = adopt_communicators<Communicator>(
      plan, rank, communicators, [&](MPI_Comm given, const RankStep& step, const RankList& members) {
        if (given == MPI_COMM_NULL) return std::string("is MPI_COMM_NULL");
        if (is_inter_communicator(given)) return std::string("is an inter-communicator");
        if (members_of(given, all) == members.to_vector()) return std::string();
        return "does not have the " + std::to_string(step.size) + " members of group " +
               std::to_string(*step.group) + " in their order";
      });
  return {Communicator::from_native_handle(world), std::move(set)};
}

MPI_Comm Communicators::world() const& noexcept {
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
