#include "rankmesh/comm/group_broadcast.hpp"

#include <algorithm>
#include <utility>

#include "protocol/message.hpp"
#include "protocol/rank_tree.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/slices.hpp"

namespace rankmesh {
namespace {

constexpr std::uint8_t broadcast_message = 0xB1;
constexpr std::uint8_t part_message = 0xB2;

Bytes encode(std::uint8_t type, std::size_t step, const Payload& payload) {
  MessageWriter writer;
  writer.put_byte(type);
  writer.put_number(step);
  writer.put_text(payload.failure);
  writer.put_bytes(payload.bytes);
  return writer.take();
}

/// The number of the contributor at a position, if there is one.
std::optional<int> contributor_at(int position, int count, int size) {
  for (int index = 0; index < count; ++index) {
    if (slice_begin(index, count, size) == position) return index;
  }
  return std::nullopt;
}

}  // namespace

Payload joined(const std::vector<Payload>& parts) {
  Payload result;
  for (const Payload& part : parts) {
    if (!part.failure.empty()) return {.failure = part.failure};
    result.bytes.insert(result.bytes.end(), part.bytes.begin(), part.bytes.end());
  }
  return result;
}

GroupBroadcast::GroupBroadcast(Transport& transport, const CommunicatorPlan& plan,
                               const ContributorCount& contributors, CombineParts combine)
    : transport_(transport),
      plan_(plan),
      combine_(std::move(combine)) {
  for (const RankStep& step : plan.for_rank(transport.rank())) {
    StepState& state = steps_.emplace_back(StepState{.step = step});
    if (!step.group) continue;
    ++missing_;
    state.contributors = contributors ? std::clamp(contributors(step), 1, step.size) : 1;
    state.contributor_index = contributor_at(step.position, state.contributors, step.size);
    if (step.position == 0) state.parts.resize(static_cast<std::size_t>(state.contributors));
  }
}

int GroupBroadcast::rank_at(const StepState& state, int position) const {
  return plan_.topology().family(state.step.kind).rank_at({*state.step.group, position});
}

std::vector<std::size_t> GroupBroadcast::contributions() const {
  std::vector<std::size_t> result;
  for (const StepState& state : steps_) {
    if (state.contributor_index) result.push_back(state.step.step);
  }
  return result;
}

void GroupBroadcast::offer(std::size_t step, Payload part) {
  if (step >= steps_.size() || !steps_[step].contributor_index || steps_[step].has_offered) {
    throw StateError("rank " + std::to_string(transport_.rank()) + " contributes nothing to step " +
                     std::to_string(step) + ": it is no contributor, or has offered its part already");
  }
  StepState& state = steps_[step];
  state.has_offered = true;
  if (state.step.position == 0) {
    add_part(state, 0, std::move(part));
  } else {
    transport_.send(state.step.leader, Channel::group_broadcast, encode(part_message, step, part));
    ++messages_sent_;
  }
}

void GroupBroadcast::add_part(StepState& state, std::size_t index, Payload part) {
  state.parts[index] = std::move(part);
  const bool has_all = std::all_of(state.parts.begin(), state.parts.end(),
                                   [](const std::optional<Payload>& known) { return known.has_value(); });
  if (!has_all) return;
  std::vector<Payload> parts;
  for (std::optional<Payload>& known : state.parts) parts.push_back(std::move(*known));
  accept(state, combine_ ? combine_(state.step.step, parts) : joined(parts));
}

void GroupBroadcast::accept(StepState& state, Payload payload) {
  const Bytes message = encode(broadcast_message, state.step.step, payload);
  for (const int child : tree_children(state.step.position, state.step.size)) {
    transport_.send(rank_at(state, child), Channel::group_broadcast, message);
    ++messages_sent_;
  }
  state.payload = std::move(payload);
  --missing_;
}

void GroupBroadcast::handle(const Message& message) {
  MessageReader reader(message);
  const std::uint8_t type = reader.take_byte();
  if (type != broadcast_message && type != part_message) reader.refuse();
  const std::uint64_t step = reader.take_number();
  Payload payload;
  payload.failure = reader.take_text();
  payload.bytes = reader.take_bytes();
  reader.expect_end();

  if (step >= steps_.size() || !steps_[step].step.group || steps_[step].payload) reader.refuse();
  StepState& state = steps_[step];
  if (type == part_message) {
    for (std::size_t index = 1; index < state.parts.size(); ++index) {
      const int position = slice_begin(static_cast<int>(index), state.contributors, state.step.size);
      if (rank_at(state, position) == message.from) return add_part(state, index, std::move(payload));
    }
    reader.refuse();
  }
  const int position = state.step.position;
  if (position == 0 || rank_at(state, tree_parent(position)) != message.from) reader.refuse();
  accept(state, std::move(payload));
}

bool GroupBroadcast::step() {
  while (const auto message = transport_.receive(Channel::group_broadcast)) handle(*message);
  return missing_ == 0 && transport_.sends_done(Channel::group_broadcast);
}

}  // namespace rankmesh
