#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "event_queue.hpp"
#include "loggp.hpp"
#include "polling.hpp"
#include "rankmesh/comm/transport.hpp"

namespace rankmesh::simulate {

class Network;

/// The transport of one rank in virtual time. The clock of the rank's processor moves when it sends or
/// receives, and with the events of the network.
class Endpoint final : public Transport {
 public:
  Endpoint(Network& network, int rank) : network_(network), rank_(rank) {}

  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int size() const noexcept override;
  void send(int to, Channel channel, std::span<const std::byte> bytes) override;
  /// Always true: the network keeps a copy of each message.
  [[nodiscard]] bool sends_done(Channel /*channel*/) override { return true; }
  [[nodiscard]] std::optional<Message> receive(Channel channel) override;
  [[nodiscard]] Duration now() override { return std::chrono::floor<Duration>(host_.clock); }
  /// Not called: a rank is stepped when an event concerns it.
  void idle() override {}

  [[nodiscard]] Host& host() noexcept { return host_; }
  /// The messages that the protocols sent and received.
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  /// Begins to wait for messages.
  void begin_to_wait() noexcept { waits_since_ = host_.clock; }
  /// Moves the clock to the time at which the waiting rank notices an event.
  void notice(Time happened);

 private:
  friend class Network;

  struct Landed {
    int from = 0;
    Channel channel{};
    Bytes bytes{};
  };

  Network& network_;
  int rank_;
  Host host_{};
  Time waits_since_{};
  Counts counts_{};
  std::vector<Landed> inbox_{};
};

/// A fully connected network after the LogGP model: messages wait for the interfaces of sender and receiver
/// and for the receiver's processor, but not for each other inside the network.
class Network {
 public:
  /// The kind of event that concerns a rank.
  enum class Cause { message, call_done, operation_done, timer };

  Network(int size, const LogGP& cost, Polling polling = Polling::busy);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  [[nodiscard]] int size() const noexcept { return static_cast<int>(endpoints_.size()); }
  [[nodiscard]] Endpoint& at(int rank) { return endpoints_[static_cast<std::size_t>(rank)]; }

  /// Schedules an event for a rank.
  void wake(int rank, Cause cause, Time at);
  /// Processes all events in the order of their times.
  /// @param look called with the rank, the cause and the time of every event that concerns a rank
  void run(const std::function<void(int rank, Cause cause, Time at)>& look);
  /// The number of processed events.
  [[nodiscard]] std::int64_t events() const noexcept { return events_; }

 private:
  friend class Endpoint;

  struct Flying {
    int from = 0;
    int to = 0;
    Channel channel{};
    Bytes bytes{};
  };
  struct What {
    enum class Kind : std::uint8_t { first_byte, last_byte, wake };
    Kind kind{};
    Cause cause{};
    /// A rank, or an index in `flying_`.
    std::uint32_t index = 0;
  };

  void send(Time first_byte, Flying message);
  void land(std::uint32_t index, Time at);
  /// Puts a message into the inbox of its receiver. Returns the rank of the receiver.
  int deliver(std::uint32_t index);

  LogGP cost_;
  Polling polling_;
  std::deque<Endpoint> endpoints_;
  EventQueue<What> queue_;
  std::vector<Flying> flying_;
  std::vector<std::uint32_t> free_;
  std::int64_t events_ = 0;
};

}  // namespace rankmesh::simulate
