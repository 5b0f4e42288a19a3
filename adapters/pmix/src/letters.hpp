#pragma once

#include <optional>
#include <span>
#include <vector>

#include "rankmesh/comm/transport.hpp"

namespace rankmesh::pmix {

/// A message, and to which ranks it goes.
struct Letter {
  std::vector<int> to{};
  int channel = 0;
  Bytes bytes{};

  bool operator==(const Letter&) const = default;
};

/// Adds a message to those that are sent together. If it equals the last, to another rank, it is stored once.
void add(std::vector<Letter>& letters, int to, int channel, std::span<const std::byte> bytes);

/// The value that holds some messages, in their order.
[[nodiscard]] Bytes encode(std::span<const Letter> letters);
/// Nothing if the bytes are no such value of this version.
[[nodiscard]] std::optional<std::vector<Letter>> decode(std::span<const std::byte> bytes);

}  // namespace rankmesh::pmix
