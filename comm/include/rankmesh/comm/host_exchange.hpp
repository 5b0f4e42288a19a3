#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/host_identity.hpp"
#include "rankmesh/comm/transport.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// Tells every rank the hosts of all: lists travel up a tree to rank 0, and the list of all ranks travels
/// down again. A state machine over a transport that never waits; the caller decides how long to continue.
///
/// Each rank sends one message to its parent and one to each of its children, at most 7 for each of the
/// log(N) / log(8) levels of the tree: 2 (N - 1) messages in all. A message has every identity once, and 16
/// bytes for each change of the identity from one rank to the next.
///
/// @collective over the ranks of the transport
class HostExchange {
 public:
  /// @param transport must outlive this
  HostExchange(Transport& transport, HostIdentity own);

  /// Makes progress without waiting. Returns whether the hosts are known and passed on.
  /// @throws ProtocolError if a message does not belong to this protocol
  bool step();

  /// The hosts of all ranks. Call it only after `step` has returned true.
  [[nodiscard]] const HostsOfRanks& hosts() const& { return all_.value(); }
  const HostsOfRanks& hosts() const&& = delete;
  /// The messages this rank has sent so far.
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_; }

 private:
  void handle(const Message& message);
  void send(int to, std::byte type, const HostsOfRanks& hosts);
  void pass_on();

  Transport& transport_;
  HostIdentity own_;
  /// By child, the hosts of its subtree.
  std::map<int, HostsOfRanks> below_;
  std::size_t children_ = 0;
  bool has_reported_ = false;
  std::optional<HostsOfRanks> all_{};
  int messages_sent_ = 0;
};

}  // namespace rankmesh
