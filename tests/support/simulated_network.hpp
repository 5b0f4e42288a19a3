#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "rankmesh/comm/transport.hpp"

namespace rankmesh::tests {

/// Thrown out of a protocol whose rank has just died.
struct RankDied {};

/// A network of ranks in one thread, with a simulated clock that only `advance` moves, so that tests need not
/// wait for deadlines. The protocols run over it as they run over MPI. Messages between two ranks arrive in
/// order; messages to and from a killed rank are lost.
class SimulatedNetwork {
 public:
  using Duration = Transport::Duration;
  /// The time that a message takes.
  using Latency = std::function<Duration(int from, int to)>;

  explicit SimulatedNetwork(
      int size, Latency latency = [](int, int) { return std::chrono::microseconds(10); })
      : latency_(std::move(latency)) {
    for (int rank = 0; rank < size; ++rank) endpoints_.push_back(std::make_unique<Endpoint>(*this, rank));
  }

  [[nodiscard]] Transport& transport(int rank) { return *endpoints_.at(static_cast<std::size_t>(rank)); }
  [[nodiscard]] int size() const { return static_cast<int>(endpoints_.size()); }
  [[nodiscard]] Duration now() const { return now_; }
  [[nodiscard]] int messages_sent() const { return messages_sent_; }
  /// The messages that nobody has taken.
  [[nodiscard]] int messages_unread() const {
    std::size_t count = 0;
    for (const auto& endpoint : endpoints_) {
      for (const auto& [channel, queue] : endpoint->arriving) count += queue.size();
    }
    return static_cast<int>(count);
  }

  void kill(int rank) { at(rank).alive = false; }
  /// Stops a rank just before it sends or takes its n-th message, counted from 0: for a while, or for ever. A
  /// rank that dies leaves its protocol by `RankDied`.
  void stop_at(int rank, int nth_message, std::optional<Duration> pause) {
    at(rank).stops_at = nth_message;
    at(rank).pause = pause;
  }
  /// Stops a rank for a while from now on.
  void pause(int rank, Duration pause) { at(rank).stopped_until = now_ + pause; }
  /// How many messages a rank has sent and received.
  [[nodiscard]] int messages(int rank) { return at(rank).messages; }
  /// Whether the stop above was reached.
  [[nodiscard]] bool has_stopped(int rank) { return !at(rank).stops_at.has_value(); }
  /// Whether a rank that was stopped for a while goes on.
  [[nodiscard]] bool is_running(int rank) { return now_ >= at(rank).stopped_until; }
  [[nodiscard]] bool is_alive(int rank) { return at(rank).alive; }
  /// From now on, only every n-th call of `receive` on a rank can return a message. MPI, too, may need
  /// several calls to return messages that arrived long ago.
  void show_at_every(int nth_look) { nth_look_ = nth_look; }

  /// From now on, the messages of a rank leave one at a time, when it looks for messages or asks whether all
  /// have been sent. MPI, too, may need such calls to send. What has not left a killed rank is lost.
  void send_while_polled(int rank) { at(rank).sends_while_polled = true; }

  /// From now on, a message to a rank that has died counts as never sent, as MPI may report it.
  void keep_messages_to_the_dead() { keeps_messages_to_the_dead_ = true; }

  /// Advances the clock to the next arrival of a message, but at most by `at_most`.
  void advance(Duration at_most) {
    Duration next = now_ + at_most;
    for (const auto& endpoint : endpoints_) {
      for (const auto& [channel, queue] : endpoint->arriving) {
        for (const Arriving& arriving : queue) {
          if (arriving.at > now_) next = std::min(next, arriving.at);
        }
      }
    }
    now_ = next;
  }
  /// Advances the clock, whatever arrives meanwhile.
  void pass(Duration time) { now_ += time; }

 private:
  struct Arriving {
    Duration at;
    Message message;
  };

  struct Waiting {
    int to;
    Channel channel;
    Bytes bytes;
  };

  struct Endpoint final : Transport {
    Endpoint(SimulatedNetwork& its_network, int its_rank) : network(its_network), own_rank(its_rank) {}

    [[nodiscard]] int rank() const noexcept override { return own_rank; }
    [[nodiscard]] int size() const noexcept override { return network.size(); }
    [[nodiscard]] bool sends_done(Channel /*channel*/) override {
      send_one();
      return waiting.empty() && (!network.keeps_messages_to_the_dead_ || !has_sent_to_the_dead);
    }
    [[nodiscard]] Duration now() override { return std::max(network.now_, stopped_until); }
    void idle() override {}

    void send(int to, Channel channel, std::span<const std::byte> bytes) override {
      count_message();
      ++network.messages_sent_;
      if (!network.at(to).alive) has_sent_to_the_dead = true;
      if (!alive || !network.at(to).alive) return;
      waiting.push_back({to, channel, Bytes(bytes.begin(), bytes.end())});
      if (!sends_while_polled) send_one();
    }

    void send_one() {
      if (waiting.empty()) return;
      auto& [to, channel, bytes] = waiting.front();
      Duration& last = last_arrival[to];
      last = std::max(last, now() + network.latency_(own_rank, to));
      network.at(to).arriving[channel].push_back({last, {own_rank, std::move(bytes)}});
      waiting.pop_front();
    }

    [[nodiscard]] std::optional<Message> receive(Channel channel) override {
      send_one();
      if (++looks % network.nth_look_ != 0) return std::nullopt;
      // After a stop, messages show at the next step of the rank.
      if (now() > network.now_) return std::nullopt;
      auto& queue = arriving[channel];
      const auto here =
          std::find_if(queue.begin(), queue.end(), [&](const Arriving& a) { return a.at <= network.now_; });
      if (here == queue.end()) return std::nullopt;
      count_message();
      if (now() > network.now_) return std::nullopt;
      Message message = std::move(here->message);
      queue.erase(here);
      return message;
    }

    void count_message() {
      if (stops_at != messages++) return;
      stops_at.reset();
      if (!pause) {
        alive = false;
        throw RankDied();
      }
      stopped_until = network.now_ + *pause;
    }

    SimulatedNetwork& network;
    int own_rank;
    int messages = 0;
    std::optional<int> stops_at;
    std::optional<Duration> pause;
    Duration stopped_until{0};
    bool alive = true;
    bool has_sent_to_the_dead = false;
    bool sends_while_polled = false;
    std::deque<Waiting> waiting;
    int looks = 0;
    std::map<Channel, std::deque<Arriving>> arriving;
    std::map<int, Duration> last_arrival;
  };

  Endpoint& at(int rank) { return *endpoints_.at(static_cast<std::size_t>(rank)); }

  Latency latency_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  Duration now_{0};
  int nth_look_ = 1;
  bool keeps_messages_to_the_dead_ = false;
  int messages_sent_ = 0;
};

}  // namespace rankmesh::tests
