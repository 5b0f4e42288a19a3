#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ratio>

namespace rankmesh::simulate {

/// Virtual time in whole picoseconds, since a byte takes less than a nanosecond: sums are exact and the same
/// on every platform.
using Time = std::chrono::duration<std::int64_t, std::pico>;
[[nodiscard]] inline double seconds(Time time) {
  return std::chrono::duration<double>(time).count();
}

/// The parameters of the LogGP model (Alexandrov, Ionescu, Schauser and Scheiman 1995): the cost of a
/// message.
struct LogGP {
  /// L: the latency from the interface of the sender to that of the receiver.
  Time latency{};
  /// o: the processor time of a message, at the sender and again at the receiver.
  Time overhead{};
  /// g: the minimum time between the end of one message and the start of the next, at each interface.
  Time gap{};
  /// G: the time for each byte after the first.
  Time gap_per_byte{};

  /// The time from the first byte of a message to its last.
  [[nodiscard]] Time length(std::int64_t bytes) const {
    return gap_per_byte * std::max<std::int64_t>(bytes - 1, 0);
  }

  bool operator==(const LogGP&) const = default;
};

/// One process in the model: a processor and the two directions of its network interface.
struct Host {
  /// When the processor is free.
  Time clock{};
  /// When the interface can start to send the next message.
  Time out{};
  /// When it can start to receive the next message.
  Time in{};

  /// Sends a message. Returns when its first byte arrives at the receiver.
  Time send(const LogGP& cost, std::int64_t bytes) {
    clock += cost.overhead;
    const Time start = std::max(clock, out);
    out = start + cost.length(bytes) + cost.gap;
    return start + cost.latency;
  }
  /// Receives a message at the interface. Returns when its last byte has arrived.
  /// @param first_byte when the first byte arrived
  Time land(const LogGP& cost, std::int64_t bytes, Time first_byte) {
    const Time there = std::max(first_byte, in) + cost.length(bytes);
    in = there + cost.gap;
    return there;
  }
  /// The processor handles a message that has arrived.
  void receive(const LogGP& cost, Time there) { clock = std::max(clock, there) + cost.overhead; }

  bool operator==(const Host&) const = default;
};

/// The messages that a process sent and received.
struct Counts {
  std::int64_t messages_sent = 0;
  std::int64_t messages_received = 0;
  std::int64_t bytes_sent = 0;
  std::int64_t bytes_received = 0;

  void add_sent(std::int64_t bytes, std::int64_t times = 1) {
    messages_sent += times;
    bytes_sent += bytes * times;
  }
  void add_received(std::int64_t bytes, std::int64_t times = 1) {
    messages_received += times;
    bytes_received += bytes * times;
  }
  [[nodiscard]] std::int64_t messages() const { return messages_sent + messages_received; }
  [[nodiscard]] std::int64_t bytes() const { return bytes_sent + bytes_received; }

  Counts& operator+=(const Counts& other) {
    messages_sent += other.messages_sent;
    messages_received += other.messages_received;
    bytes_sent += other.bytes_sent;
    bytes_received += other.bytes_received;
    return *this;
  }
  bool operator==(const Counts&) const = default;
};

}  // namespace rankmesh::simulate
