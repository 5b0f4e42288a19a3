#include "rankmesh/pmix/transport.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "client.hpp"
#include "letters.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/pmix/job.hpp"

namespace rankmesh::pmix {
namespace {

using namespace std::chrono_literals;
using Duration = Transport::Duration;

/// The pauses between two looks at a rank that is near: from the first after a message, to the longest.
constexpr Duration shortest_pause = 200us;
constexpr Duration longest_pause = 5ms;
/// How long it takes to look at all ranks: after a message, and while nothing happens.
constexpr Duration shortest_round = 20ms;
constexpr Duration longest_round = 250ms;
/// The server of a node answers all its processes.
constexpr Duration shortest_step = 250us;
/// A get that was not answered for so long is begun again: a node may be gone, or its answer.
constexpr Duration patience = 2s;
/// The longest sleep of `idle`.
constexpr Duration longest_sleep = 500us;

Duration step_of(Duration round, int size) {
  return std::max(shortest_step, round / std::max(size, 1));
}

}  // namespace

PmixTransport::PmixTransport(Job& job)
    : client_(job.client_),
      session_(client_->next_session()),
      replies_(std::make_shared<Replies>()),
      peers_(static_cast<std::size_t>(client_->size())),
      pause_(step_of(shortest_round, client_->size())) {}

PmixTransport::~PmixTransport() {
  try {
    publish();
  } catch (const std::exception&) {
    // The server of this node is gone: nobody can be told.
  }
}

std::string PmixTransport::key(std::uint64_t number) const {
  return "rankmesh." + std::to_string(session_) + "." + std::to_string(number);
}

void PmixTransport::publish() {
  if (unsent_.empty()) return;
  client_->put(key(published_), encode(unsent_));
  ++published_;
  unsent_.clear();
}

int PmixTransport::rank() const noexcept {
  return client_->rank();
}

int PmixTransport::size() const noexcept {
  return client_->size();
}

void PmixTransport::make_near(int rank) {
  Peer& peer = at(rank);
  peer.pause = shortest_pause;
  peer.due = now();
  pause_ = step_of(shortest_round, size());
  due_ = std::min(due_, now() + pause_);
  if (std::exchange(peer.is_near, true) || rank == this->rank()) return;
  near_.push_back(rank);
}

void PmixTransport::send(int to, Channel channel, std::span<const std::byte> bytes) {
  add(unsent_, to, static_cast<int>(channel), bytes);
  make_near(to);
}

bool PmixTransport::sends_done(Channel /*channel*/) {
  publish();
  return true;
}

std::optional<Message> PmixTransport::receive(Channel channel) {
  publish();
  std::deque<Message>& queue = arrived_[channel];
  if (queue.empty()) {
    take_replies();
    look();
  }
  if (queue.empty()) return std::nullopt;
  Message message = std::move(queue.front());
  queue.pop_front();
  return message;
}

void PmixTransport::take_replies() {
  for (const Reply& reply : replies_->take()) {
    Peer& peer = at(reply.from);
    peer.asked.reset();
    if (!reply.bytes) continue;
    std::optional<std::vector<Letter>> letters = decode(*reply.bytes);
    if (!letters) {
      throw ProtocolError(
          "rank " + std::to_string(reply.from) + " has put a value under " + key(peer.read) +
          " that is none of this version of rankmesh: start every rank with the same version, "
          "and keep these keys to itself");
    }
    ++peer.read;
    // There may be more.
    peer.due = now();
    for (Letter& letter : *letters) {
      if (std::find(letter.to.begin(), letter.to.end(), rank()) == letter.to.end()) continue;
      arrived_[static_cast<Channel>(letter.channel)].push_back({reply.from, std::move(letter.bytes)});
      make_near(reply.from);
      idle_polls_ = 0;
    }
  }
}

void PmixTransport::look() {
  const Duration time = now();
  for (const int rank : near_) {
    Peer& peer = at(rank);
    if (time < peer.due) continue;
    ask(rank);
    peer.due = time + peer.pause;
    peer.pause = std::min(2 * peer.pause, longest_pause);
  }
  if (time < due_) return;
  if (cursor_ != rank()) ask(cursor_);
  cursor_ = (cursor_ + 1) % size();
  due_ = time + pause_;
  // Longer after each round.
  if (cursor_ == 0) pause_ = std::min(2 * pause_, step_of(longest_round, size()));
}

void PmixTransport::ask(int rank) {
  Peer& peer = at(rank);
  if (peer.asked && now() < *peer.asked + patience) return;
  client_->ask(rank, key(peer.read), replies_);
  peer.asked = now();
}

PmixTransport::Duration PmixTransport::now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

void PmixTransport::idle() {
  // Longer each time, so that the thread of PMIx and ranks that share a core can work.
  std::this_thread::sleep_for(std::min<Duration>(longest_sleep, 20us * ++idle_polls_));
}

}  // namespace rankmesh::pmix
