#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ratio>

namespace rankmesh::simulate {

/// Virtual time. Whole picoseconds, since a byte takes less than a nanosecond: sums are exact and the same on
/// every platform.
using Time = std::chrono::duration<std::int64_t, std::pico>;
[[nodiscard]] inline double seconds(Time time) {
  return std::chrono::duration<double>(time).count();
}

/// The parameters of the LogGP model (Alexandrov, Ionescu, Schauser and Scheiman 1995): what a message costs.
struct LogGP {
  /// L: from the wire of the sender to that of the receiver.
  Time latency{};
  /// o: how long the processor of the sender is busy with a message, and that of the receiver again.
  Time overhead{};
  /// g: the least time between the end of one message and the start of the next, at either end.
  Time gap{};
  /// G: the time that each byte but the first takes.
  Time gap_per_byte{};

  /// From the first byte of a message to its last.
  [[nodiscard]] Time length(std::int64_t bytes) const {
    return gap_per_byte * std::max<std::int64_t>(bytes - 1, 0);
  }

  bool operator==(const LogGP&) const = default;
};

/// One process, as the model sees it: a processor and the two directions of its network interface.
struct Host {
  /// When the processor is free.
  Time clock{};
  /// When the interface can start to send the next message, and when to take the next.
  Time out{};
  Time in{};

  /// Sends a message. Returns when its first byte comes to the other side.
  Time send(const LogGP& cost, std::int64_t bytes) {
    clock += cost.overhead;
    const Time start = std::max(clock, out);
    out = start + cost.length(bytes) + cost.gap;
    return start + cost.latency;
  }
  /// Takes a message off the wire. Returns when its last byte is there.
  /// @param first_byte when the first byte arrived
  Time land(const LogGP& cost, std::int64_t bytes, Time first_byte) {
    const Time there = std::max(first_byte, in) + cost.length(bytes);
    in = there + cost.gap;
    return there;
  }
  /// The processor takes a message that is there.
  void receive(const LogGP& cost, Time there) { clock = std::max(clock, there) + cost.overhead; }

  bool operator==(const Host&) const = default;
};

/// What a process sent and received.
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
