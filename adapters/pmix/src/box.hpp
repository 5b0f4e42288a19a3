#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/comm/transport.hpp"

namespace rankmesh::pmix {

/// A message in a box.
struct Letter {
  std::vector<int> to;
  int channel = 0;
  Bytes bytes{};

  bool operator==(const Letter&) const = default;
};

/// What a rank has sent in one session, in order.
struct BoxSession {
  std::uint64_t ordinal = 0;
  bool is_open = true;
  std::vector<Letter> letters{};

  bool operator==(const BoxSession&) const = default;
};

/// What a rank has sent: the value under its key.
struct Box {
  /// By ascending ordinal.
  std::deque<BoxSession> sessions{};

  bool operator==(const Box&) const = default;

  [[nodiscard]] BoxSession* find(std::uint64_t ordinal);
  /// Adds a message; one that equals the last, to another rank, is stored once.
  static void add(BoxSession& session, int to, int channel, std::span<const std::byte> bytes);
  /// Forgets all but the open sessions and the last few.
  void forget();
};

[[nodiscard]] Bytes encode(const Box& box);
/// Nothing if the bytes are not a box of this version.
[[nodiscard]] std::optional<Box> decode(std::span<const std::byte> bytes);

}  // namespace rankmesh::pmix
