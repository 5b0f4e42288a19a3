#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// What a protocol sends: bytes whose meaning is its own.
using Bytes = std::vector<std::byte>;

/// A message that has arrived.
struct Message {
  /// The rank that sent it.
  int from = 0;
  /// What it sent.
  Bytes bytes;
};

/// Which protocol a message belongs to. A rank that is ahead may send messages of the next protocol while
/// others are still in this one; channels keep them apart.
enum class Channel : int {
  /// The rounds of agreement.
  agreement = 0,
  /// What the leaders of groups hand to the members.
  group_broadcast = 1,
  /// Who is where, once the deadline has passed.
  liveness = 2,
};

/// All that a protocol needs of the world: non-blocking messages between ranks and a clock. The protocols of
/// this library are state machines over a transport, so that what runs over MPI is what a test or a
/// simulation runs. No call waits for another rank.
///
/// Messages between one sender and one receiver on one channel arrive in order, or, when a rank is gone, not
/// at all.
class Transport {
 public:
  /// Time, by the clock of the transport.
  using Duration = std::chrono::nanoseconds;

  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// The rank that this transport speaks for, 0 .. size() - 1.
  [[nodiscard]] virtual int rank() const noexcept = 0;
  /// The ranks it can reach, itself included.
  [[nodiscard]] virtual int size() const noexcept = 0;

  /// Starts to send a message; `bytes` may be changed as soon as the call returns. A message to a rank that
  /// is gone is lost.
  virtual void send(int to, Channel channel, std::span<const std::byte> bytes) = 0;
  /// Whether every message that `send` started on a channel is out of this rank's hands.
  [[nodiscard]] virtual bool sends_done(Channel channel) = 0;
  /// Takes the next message that has arrived on a channel; nothing if none has. One that has arrived may show
  /// at a later call only: MPI finds a few at a time.
  [[nodiscard]] virtual std::optional<Message> receive(Channel channel) = 0;

  /// A clock that never goes back.
  [[nodiscard]] virtual Duration now() = 0;
  /// Called when a protocol finds nothing to do: yields to whoever has something to do.
  virtual void idle() = 0;
};

}  // namespace rankmesh
