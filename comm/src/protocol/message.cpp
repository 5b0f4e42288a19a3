#include "protocol/message.hpp"

#include <array>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "rankmesh/comm/errors.hpp"

namespace rankmesh {

void MessageWriter::put_number(std::uint64_t value) {
  std::array<std::byte, 8> bytes{};
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(value);
    value >>= 8;
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void MessageWriter::put_text(std::string_view text) {
  put_bytes(std::as_bytes(std::span(text)));
}

void MessageWriter::put_bytes(std::span<const std::byte> bytes) {
  put_number(bytes.size());
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void MessageWriter::put_ranks(const RankSet& ranks) {
  put_number(ranks.ranges().size());
  for (const RankSet::Range& range : ranks.ranges()) {
    put_number(static_cast<std::uint64_t>(range.first));
    put_number(static_cast<std::uint64_t>(range.last));
  }
}

void MessageReader::refuse() const {
  throw ProtocolError(
      "rank " + std::to_string(from_) + " sent a message of " + std::to_string(bytes_.size()) +
      " bytes that is none of this version of rankmesh: start every rank with the same version, "
      "and keep its tags to itself");
}

std::uint8_t MessageReader::take_byte() {
  if (left() < 1) refuse();
  return static_cast<std::uint8_t>(bytes_[next_++]);
}

std::uint64_t MessageReader::take_number() {
  if (left() < sizeof(std::uint64_t)) refuse();
  std::uint64_t value = 0;
  for (std::size_t byte = sizeof value; byte > 0; --byte) {
    value = value << 8 | static_cast<std::uint64_t>(bytes_[next_ + byte - 1]);
  }
  next_ += sizeof value;
  return value;
}

std::size_t MessageReader::take_count() {
  const std::uint64_t count = take_number();
  if (count > left()) refuse();
  return static_cast<std::size_t>(count);
}

std::string_view MessageReader::take_text() {
  const std::size_t size = take_count();
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + next_, size);
  next_ += size;
  return text;
}

Bytes MessageReader::take_bytes() {
  const auto bytes = std::as_bytes(std::span(take_text()));
  return {bytes.begin(), bytes.end()};
}

RankSet MessageReader::take_ranks() {
  constexpr std::uint64_t max_rank = std::numeric_limits<int>::max();
  std::vector<RankSet::Range> ranges(take_count());
  for (RankSet::Range& range : ranges) {
    const std::uint64_t first = take_number();
    const std::uint64_t last = take_number();
    if (first > last || last > max_rank) refuse();
    range = {static_cast<int>(first), static_cast<int>(last)};
  }
  return RankSet::of(std::move(ranges));
}

void MessageReader::expect_end() const {
  if (!is_at_end()) refuse();
}

}  // namespace rankmesh
