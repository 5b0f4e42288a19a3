#include "job.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "rankmesh/comm/agree_on_plan.hpp"

namespace rankmesh::simulate {
namespace {

using Action = BringUpStep::Action;
using Entry = BringUpStep::Entry;

/// Without a late rank no deadline is ever reached.
constexpr Timeouts endless{.deadline = std::chrono::hours(24 * 365)};

/// The size of an ncclUniqueId.
constexpr std::size_t identifier_bytes = 128;

constexpr std::size_t max_steps = 64;

/// The call of a step; nothing where a rank makes none.
std::optional<Call> call_of(const BringUpStep& step, Call group_call) {
  switch (step.action) {
    case Action::agree:
    case Action::complete:
    case Action::use_world:
      return std::nullopt;
    case Action::choose_device:
      return Call::split_by_node;
    case Action::duplicate:
      return Call::duplicate;
    case Action::create_group:
      return group_call;
    default:
      throw std::invalid_argument("a blocking step " + step.name + " of NCCL is not simulated");
  }
}

}  // namespace

Job::Job(const CommunicatorPlan& plan, const ScheduleOptions& options, const Costs& costs, Polling polling,
         std::optional<LateRank> late, Call group_call)
    : plan_(plan),
      ranks_per_identifier_(options.nccl ? options.nccl->ranks_per_identifier : default_ranks_per_identifier),
      costs_(costs),
      late_(late),
      network_(plan.topology().world_size(), costs.mpi, polling),
      ranks_(static_cast<std::size_t>(network_.size())),
      calls_(ranks_.size()) {
  const std::size_t steps = plan.steps().size();
  if (steps > max_steps) throw std::invalid_argument("a plan of more than 64 steps is not simulated");
  const Schedule schedule(plan, options);
  for (const std::span<const BringUpStep> block : schedule.blocks()) add_parts(block, options, group_call);
  places_.reserve(ranks_.size() * steps);
  for (int rank = 0; rank < size(); ++rank) {
    for (const RankStep& step : plan.for_rank(rank))
      places_.push_back({step.group.value_or(-1), step.position});
  }
}

void Job::add_parts(std::span<const BringUpStep> block, const ScheduleOptions& options, Call group_call) {
  const BringUpStep& step = block.front();
  if (step.entry == Entry::concurrent) {
    if (step.action != Action::exchange_identifiers || block.size() < 2) {
      throw std::invalid_argument("of the strategies of NCCL only unique_id is simulated");
    }
    parts_.push_back({.kind = Part::Kind::initialisation, .name = block.back().name});
    return;
  }
  if (step.entry == Entry::collective) {
    Part& arrival = parts_.emplace_back(Part{.kind = Part::Kind::agreement, .name = step.name});
    if (step.action == Action::agree) {
      std::vector<AgreementField> fields = agreement_fields(options);
      // What a bring-up of NCCL over MPI compares besides.
      if (options.nccl) fields.push_back({.field = "boot_id", .value = "known"});
      arrival.fields = plan_fields(plan_.topology().config(), {.fields = std::move(fields)},
                                   plan_.topology().world_size());
    }
  }
  if (const std::optional<Call> call = call_of(step, group_call)) {
    parts_.push_back(
        {.kind = Part::Kind::call, .name = step.name, .call = *call, .plan_step = step.plan_step});
  }
}

std::int64_t Job::agreements() const {
  return std::count_if(parts_.begin(), parts_.end(),
                       [](const Part& part) { return part.kind != Part::Kind::call; });
}

int Job::rank_at(std::optional<std::size_t> step, Place place) const {
  if (!step) return place.position;
  return plan_.topology().family(plan_.steps()[*step].kind).rank_at({place.group, place.position});
}

void Job::run() {
  const Time begin = Time::zero();
  for (int rank = 0; rank < size(); ++rank) {
    const bool is_late = late_ && late_->rank == rank;
    network_.wake(rank, Network::Cause::timer, is_late ? begin + late_->by : begin);
    if (late_) {
      // A little later than the times that an agreement checks.
      constexpr auto moment = std::chrono::microseconds(1);
      network_.wake(rank, Network::Cause::timer, begin + late_->deadline / 8 + moment);
      network_.wake(rank, Network::Cause::timer, begin + late_->deadline + moment);
    }
  }
  network_.run([this](int rank, Network::Cause cause, Time at) { look(rank, cause, at); });
  if (finished_ != size()) {
    throw std::logic_error(std::to_string(size() - finished_) + " of " + std::to_string(size()) +
                           " simulated ranks wait for messages that never come");
  }
}

void Job::look(int rank, Network::Cause cause, Time at) {
  Rank& state = this->at(rank);
  Host& host = network_.at(rank).host();
  if (state.part < 0) {
    // Messages may arrive before the rank starts.
    if (cause != Network::Cause::timer) return;
    if (late_ && late_->rank == rank && at < Time(late_->by)) return;
    host.clock = at;
    begin_part(rank);
    return go_on(rank);
  }
  if (state.has_finished) return;
  if (cause == Network::Cause::call_done) {
    state.is_in_call = false;
    host.clock = std::max(host.clock, at);
  } else if (state.is_in_call) {
    return;
  } else {
    network_.at(rank).notice(at);
  }
  if (cause == Network::Cause::operation_done) end_operation(rank);
  go_on(rank);
}

void Job::go_on(int rank) {
  while (!at(rank).has_finished && part_is_done(rank)) begin_part(rank);
}

void Job::begin_part(int rank) {
  Rank& state = at(rank);
  ++state.part;
  if (state.part == static_cast<int>(parts_.size())) {
    state.has_finished = true;
    state.session.reset();
    ++finished_;
    finished_at_ = std::max(finished_at_, network_.at(rank).host().clock);
    return;
  }
  const Part& part = part_of(state);
  network_.at(rank).begin_to_wait();
  state.has_heard = false;
  state.has_reported = false;
  state.has_arrived = part.kind == Part::Kind::agreement;
  if (part.kind == Part::Kind::call) enter(rank, part.call, part.plan_step);
  if (part.kind == Part::Kind::initialisation) begin_initialisation(rank);
}

bool Job::part_is_done(int rank) {
  Rank& state = at(rank);
  switch (part_of(state).kind) {
    case Part::Kind::call:
      return !state.is_in_call;
    case Part::Kind::initialisation:
      step_exchange(rank);
      break;
    case Part::Kind::agreement:
      break;
  }
  return agreement_is_done(rank);
}

bool Job::agreement_is_done(int rank) {
  Rank& state = at(rank);
  const std::int64_t received_before = protocol(rank).messages_received;
  if (!state.agreement) make_agreement(rank);
  if (state.agreement->step()) {
    state.agreement->verdict().raise();
    state.agreement.reset();
    return true;
  }
  if (protocol(rank).messages_received != received_before) state.has_heard = true;
  if (!late_) drop_agreement(rank);
  return false;
}

void Job::make_agreement(int rank) {
  Rank& state = at(rank);
  if (!state.session) {
    Timeouts timeouts = endless;
    if (late_) timeouts.deadline = late_->deadline;
    state.session.emplace(network_.at(rank), timeouts);
  }
  const Part& part = part_of(state);
  // A rank that has reported only waits for the verdict and passes it on, without fields of its own.
  static const std::vector<AgreementField> none;
  const bool counts = state.has_arrived && !state.has_reported;
  state.agreement = std::make_unique<Agreement>(
      *state.session, state.has_reported ? none : part.fields,
      AgreementOptions{.step = part.name, .arrives_at_once = counts, .is_last = &part == &parts_.back()});
}

void Job::drop_agreement(int rank) {
  Rank& state = at(rank);
  // The collectors must remember what they proposed or accepted.
  if (is_collector(rank) && state.part + 1 == static_cast<int>(parts_.size())) return;
  const bool has_sent = state.agreement->messages_sent() > 0;
  // Who sends again after the report passes the verdict on, and waits until those below have done so too.
  if (state.has_reported && has_sent) return;
  if (has_sent) state.has_reported = true;
  if (state.has_reported || !state.has_heard) state.agreement.reset();
}

void Job::begin_initialisation(int rank) {
  Rank& state = at(rank);
  for (std::size_t step = 0; step < plan_.steps().size(); ++step) {
    if (place(rank, step).group >= 0) ++state.operations_left;
  }
  state.has_arrived = state.operations_left == 0;
  make_exchange(rank);
  const std::vector<std::size_t> contributions = state.exchange->contributions();
  state.keeps_exchange = !contributions.empty();
  for (const std::size_t step : contributions) {
    state.exchange->offer(step, {.bytes = Bytes(identifier_bytes)});
  }
}

void Job::make_exchange(int rank) {
  at(rank).exchange = std::make_unique<GroupBroadcast>(
      network_.at(rank), plan_, [this](const RankStep& step) { return identifiers_of_group(step.size); });
}

void Job::step_exchange(int rank) {
  Rank& state = at(rank);
  if (state.exchange_is_done) return;
  const std::int64_t received_before = protocol(rank).messages_received;
  if (!state.exchange) make_exchange(rank);
  state.exchange_is_done = state.exchange->step();
  start_operations(rank);
  if (protocol(rank).messages_received != received_before) state.keeps_exchange = true;
  if (state.exchange_is_done || !state.keeps_exchange) state.exchange.reset();
}

void Job::start_operations(int rank) {
  Rank& state = at(rank);
  for (std::size_t step = 0; step < plan_.steps().size(); ++step) {
    const std::uint64_t bit = std::uint64_t{1} << step;
    if ((state.initialised & bit) != 0 || !state.exchange->payload(step)) continue;
    state.initialised |= bit;
    enter(rank, Call::initialise, step);
  }
}

void Job::end_operation(int rank) {
  Rank& state = at(rank);
  if (--state.operations_left > 0) return;
  state.has_arrived = true;
  if (state.agreement) state.agreement->arrive();
}

void Job::enter(int rank, Call call, std::optional<std::size_t> step) {
  if (is_over_world(call)) step.reset();
  const Place own = step ? place(rank, *step) : Place{.group = 0, .position = rank};
  if (own.group < 0 || (step && is_kept_ && is_kept_(*step, own.group))) return;
  Rank& state = at(rank);
  const std::uint64_t meeting =
      call == Call::initialise ? parts_.size() + *step : static_cast<std::uint64_t>(state.part);
  const std::uint64_t key = meeting << 32U | static_cast<std::uint32_t>(own.group);
  Gathering& gathering = gatherings_[key];
  if (gathering.missing == 0) {
    gathering.missing = step ? plan_.steps()[*step].group_size : size();
    gathering.members = Members(static_cast<std::size_t>(gathering.missing));
  }
  Host& host = network_.at(rank).host();
  // NCCL initialises each communicator in a thread of its own.
  gathering.members.host(own.position) =
      call == Call::initialise ? Host{host.clock, host.clock, host.clock} : host;
  state.is_in_call = call != Call::initialise;
  if (--gathering.missing > 0) return;
  Members members = std::move(gathering.members);
  gatherings_.erase(key);
  leave(call, step, own.group, members);
}

void Job::leave(Call call, std::optional<std::size_t> step, int group, Members& members) {
  carry_out(call, members, costs_, identifiers_of_group(members.size()));
  for (int position = 0; position < members.size(); ++position) {
    const int rank = rank_at(step, {group, position});
    calls_[static_cast<std::size_t>(rank)] += members.counts(position);
    const Host& left = members.host(position);
    if (call == Call::initialise) {
      network_.wake(rank, Network::Cause::operation_done, left.clock);
      continue;
    }
    Host& host = network_.at(rank).host();
    // Messages of the protocols may have arrived meanwhile.
    host = {left.clock, std::max(host.out, left.out), std::max(host.in, left.in)};
    network_.wake(rank, Network::Cause::call_done, left.clock);
  }
}

int Job::identifiers_of_group(int size) const {
  return identifier_count(size, ranks_per_identifier_);
}

}  // namespace rankmesh::simulate
