#include "network.hpp"

#include <algorithm>
#include <utility>

namespace rankmesh::simulate {

int Endpoint::size() const noexcept {
  return network_.size();
}

void Endpoint::send(int to, Channel channel, std::span<const std::byte> bytes) {
  const auto length = static_cast<std::int64_t>(bytes.size());
  counts_.add_sent(length);
  const Time first_byte = host_.send(network_.cost_, length);
  network_.send(first_byte, {rank_, to, channel, Bytes(bytes.begin(), bytes.end())});
}

std::optional<Message> Endpoint::receive(Channel channel) {
  const auto found = std::find_if(inbox_.begin(), inbox_.end(),
                                  [&](const Landed& landed) { return landed.channel == channel; });
  if (found == inbox_.end()) return std::nullopt;
  Message message{found->from, std::move(found->bytes)};
  inbox_.erase(found);
  // Of a million inboxes most are empty most of the time: they must not keep memory.
  if (inbox_.empty()) std::vector<Landed>().swap(inbox_);
  host_.receive(network_.cost_, host_.clock);
  counts_.add_received(static_cast<std::int64_t>(message.bytes.size()));
  begin_to_wait();
  return message;
}

void Endpoint::notice(Time happened) {
  host_.clock = std::max(host_.clock, noticed_at(network_.polling_, waits_since_, happened));
}

Network::Network(int size, const LogGP& cost, Polling polling) : cost_(cost), polling_(polling) {
  for (int rank = 0; rank < size; ++rank) endpoints_.emplace_back(*this, rank);
}

void Network::wake(int rank, Cause cause, Time at) {
  queue_.push(at, {What::Kind::wake, cause, static_cast<std::uint32_t>(rank)});
}

void Network::send(Time first_byte, Flying message) {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(flying_.size());
    flying_.push_back(std::move(message));
  } else {
    index = free_.back();
    free_.pop_back();
    flying_[index] = std::move(message);
  }
  queue_.push(first_byte, {What::Kind::first_byte, Cause::message, index});
}

void Network::land(std::uint32_t index, Time at) {
  const Flying& message = flying_[index];
  const Time there =
      this->at(message.to).host_.land(cost_, static_cast<std::int64_t>(message.bytes.size()), at);
  queue_.push(there, {What::Kind::last_byte, Cause::message, index});
}

int Network::deliver(std::uint32_t index) {
  Flying& message = flying_[index];
  const int to = message.to;
  at(to).inbox_.push_back({message.from, message.channel, std::move(message.bytes)});
  free_.push_back(index);
  return to;
}

void Network::run(const std::function<void(int rank, Cause cause, Time at)>& look) {
  while (!queue_.empty()) {
    const auto event = queue_.pop();
    ++events_;
    switch (event.what.kind) {
      case What::Kind::first_byte:
        land(event.what.index, event.at);
        break;
      case What::Kind::last_byte:
        look(deliver(event.what.index), Cause::message, event.at);
        break;
      case What::Kind::wake:
        look(static_cast<int>(event.what.index), event.what.cause, event.at);
        break;
    }
  }
}

}  // namespace rankmesh::simulate
