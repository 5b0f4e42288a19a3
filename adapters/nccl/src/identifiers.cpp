#include "identifiers.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "library.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/comm/slices.hpp"

namespace rankmesh::nccl {
namespace {

Bytes bytes_of(const ncclUniqueId& identifier) {
  Bytes bytes(sizeof identifier);
  std::memcpy(bytes.data(), &identifier, sizeof identifier);
  return bytes;
}

std::vector<ncclUniqueId> identifiers_of(const Bytes& bytes) {
  std::vector<ncclUniqueId> identifiers(bytes.size() / sizeof(ncclUniqueId));
  std::memcpy(identifiers.data(), bytes.data(), identifiers.size() * sizeof(ncclUniqueId));
  return identifiers;
}

/// The part of a member whose group may go on with an older communicator.
Bytes answer(bool has_older) {
  return {has_older ? std::byte{1} : std::byte{0}};
}

/// The message of a broadcast: an ID, or that the sender has none.
struct Offer {
  int is_made = 0;
  ncclUniqueId identifier{};
};

}  // namespace

Identifiers::Identifiers(rankmesh::BringUp& bring_up, int ranks_per_identifier, HasOlder has_older)
    : bring_up_(bring_up),
      ranks_per_identifier_(ranks_per_identifier),
      has_older_(std::move(has_older)),
      identifiers_(bring_up.rank_steps().size() + 1) {}

std::optional<std::string> Identifiers::make(PlanStep step, ncclUniqueId& identifier) {
  const ncclResult_t result = ncclGetUniqueId(&identifier);
  if (result != ncclSuccess) {
    const RankStep* const for_step = step ? &bring_up_.rank_steps()[*step] : nullptr;
    return error_of("ncclGetUniqueId", result, for_step).what();
  }
  ++at(step).made;
  return std::nullopt;
}

std::optional<std::string> Identifiers::begin_exchange() {
  exchange_.emplace(
      bring_up_.transport(), bring_up_.plan(),
      [this](const RankStep& step) {
        return may_have_older(step.step) ? step.size : identifier_count(step.size, ranks_per_identifier_);
      },
      [this](std::size_t step, const std::vector<Payload>& parts) { return combine(step, parts); });
  for (const std::size_t step : exchange_->contributions()) {
    if (may_have_older(step)) {
      exchange_->offer(step, {.bytes = answer(*has_older_[step])});
      continue;
    }
    ncclUniqueId identifier;
    if (auto failure = make(step, identifier)) return failure;
    exchange_->offer(step, {.bytes = bytes_of(identifier)});
  }
  return std::nullopt;
}

Payload Identifiers::combine(std::size_t step, const std::vector<Payload>& parts) {
  if (!may_have_older(step)) return joined(parts);
  const Bytes yes = answer(true);
  if (std::all_of(parts.begin(), parts.end(), [&](const Payload& part) { return part.bytes == yes; })) {
    return {};
  }
  // Only now is it known that IDs are needed, and only here: this rank makes all of them.
  Payload identifiers;
  const int count = identifier_count(static_cast<int>(parts.size()), ranks_per_identifier_);
  for (int index = 0; index < count; ++index) {
    ncclUniqueId identifier;
    if (auto failure = make(step, identifier)) {
      bring_up_.fail(*failure);
      return {.failure = *std::move(failure)};
    }
    const Bytes bytes = bytes_of(identifier);
    identifiers.bytes.insert(identifiers.bytes.end(), bytes.begin(), bytes.end());
  }
  return identifiers;
}

bool Identifiers::continue_exchange() {
  exchange_->step();
  bool has_all = true;
  for (const RankStep& step : bring_up_.rank_steps()) {
    if (!step.group || of(step.step)) continue;
    const std::optional<Payload>& payload = exchange_->payload(step.step);
    // The rank that could not make an ID ends the bring-up of all.
    if (payload && payload->failure.empty()) {
      at(step.step).known = identifiers_of(payload->bytes);
    } else {
      has_all = false;
    }
  }
  return has_all;
}

std::optional<std::string> Identifiers::broadcast_in_groups(HostSide& host) {
  std::optional<std::string> failure;
  for (const RankStep& step : bring_up_.rank_steps()) {
    if (!step.group) continue;
    std::optional<std::string> why = broadcast(
        step.step, step.position, step.size,
        [&](std::span<std::byte> bytes, int root) { return host.broadcast(step.kind, bytes, root); });
    if (!failure) failure = std::move(why);
  }
  return failure;
}

std::optional<std::string> Identifiers::broadcast_in_world(Bootstrap& bootstrap) {
  return broadcast(std::nullopt, bring_up_.rank(), bring_up_.plan().topology().world_size(),
                   [&](std::span<std::byte> bytes, int root) { return bootstrap.broadcast(bytes, root); });
}

std::optional<std::string> Identifiers::broadcast(PlanStep step, int position, int size, const Send& send) {
  // Only the first failure is kept: others may follow from it.
  std::optional<std::string> failure;
  const int count = identifier_count(size, ranks_per_identifier_);
  for (int index = 0; index < count; ++index) {
    // NCCL cuts the members into the same slices: the root of a slice is where its members meet.
    const int root = slice_begin(index, count, size);
    Offer offer;
    if (position == root) {
      std::optional<std::string> why = make(step, offer.identifier);
      offer.is_made = why ? 0 : 1;
      if (!failure) failure = std::move(why);
    }
    if (auto why = send(std::as_writable_bytes(std::span(&offer, 1)), root)) {
      offer.is_made = 0;
      if (!failure) failure = std::move(why);
    }
    // Without an ID nothing is initialised: the failure of its root ends the next collective step on all
    // ranks.
    if (offer.is_made == 0) continue;
    auto& known = at(step).known;
    if (!known) known.emplace();
    known->push_back(offer.identifier);
  }
  return failure;
}

}  // namespace rankmesh::nccl
