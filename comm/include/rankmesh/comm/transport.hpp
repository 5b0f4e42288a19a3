#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// The contents of a message.
using Bytes = std::vector<std::byte>;

/// A message that has arrived.
struct Message {
  /// The rank that sent it.
  int from = 0;
  /// The contents.
  Bytes bytes;
};

/// The protocol that a message belongs to. A rank may send messages of the next protocol while other ranks
/// are still in this one; channels keep them apart.
enum class Channel : int {
  /// Agreements.
  agreement = 0,
  /// Broadcasts inside groups.
  group_broadcast = 1,
  /// Calls to idle processes.
  wake_up = 2,
};

/// Non-blocking messages between ranks and a clock: all that a protocol needs. The protocols of this library
/// are state machines over a transport, so tests and simulations run the same code as MPI jobs. No call waits
/// for another rank.
///
/// Messages between one sender and one receiver on one channel arrive in order. If a rank has died, they may
/// not arrive at all.
class Transport {
 public:
  /// A duration, and a time on the clock of the transport.
  using Duration = std::chrono::nanoseconds;

  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// The rank of this process, 0 .. size() - 1.
  [[nodiscard]] virtual int rank() const noexcept = 0;
  /// The number of ranks, this one included.
  [[nodiscard]] virtual int size() const noexcept = 0;

  /// What errors call the ranks of this transport: for example, a transport over some ranks of a job has the
  /// numbers of these ranks in the job. Empty if ranks are called by their numbers.
  [[nodiscard]] virtual std::span<const int> rank_names() const& noexcept { return {}; }
  /// What errors call a rank.
  [[nodiscard]] int name_of(int rank) const noexcept {
    const std::span<const int> names = rank_names();
    return names.empty() ? rank : names[static_cast<std::size_t>(rank)];
  }

  /// Starts to send a message. `bytes` may be changed as soon as the call returns. A message to a dead rank
  /// is lost.
  virtual void send(int to, Channel channel, std::span<const std::byte> bytes) = 0;
  /// Whether every message that `send` started on a channel has been sent.
  [[nodiscard]] virtual bool sends_done(Channel channel) = 0;
  /// Takes the next message that has arrived on a channel; nothing if there is none. A message that has
  /// arrived may be returned by a later call only, since MPI finds a few at a time.
  [[nodiscard]] virtual std::optional<Message> receive(Channel channel) = 0;

  /// The time on a clock that never goes back.
  [[nodiscard]] virtual Duration now() = 0;
  /// Called when a protocol has nothing to do: yields the processor.
  virtual void idle() = 0;
};

}  // namespace rankmesh
