#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/comm/transport.hpp"

namespace rankmesh {

/// Writes values into a message, in little-endian order on every platform.
class MessageWriter {
 public:
  MessageWriter() { bytes_.reserve(usual_size); }

  void put_byte(std::uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void put_number(std::uint64_t value);
  void put_text(std::string_view text);
  void put_bytes(std::span<const std::byte> bytes);
  /// Without their number: the last value of a message.
  void put_rest(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void put_ranks(const RankSet& ranks);

  [[nodiscard]] const Bytes& bytes() const noexcept { return bytes_; }
  /// Moves the message out.
  [[nodiscard]] Bytes take() noexcept { return std::move(bytes_); }

 private:
  /// Enough for the report of a configuration.
  static constexpr std::size_t usual_size = 1024;

  Bytes bytes_;
};

/// Reads the values of a message in the same order.
class MessageReader {
 public:
  /// The message must outlive the reader.
  explicit MessageReader(const Message& message) : MessageReader(message.bytes, message.from) {}
  /// Reads a part of a message.
  /// @param from the rank that sent it
  MessageReader(std::span<const std::byte> bytes, int from) : bytes_(bytes), from_(from) {}

  // Each function throws ProtocolError if the message does not contain such a value.
  [[nodiscard]] std::uint8_t take_byte();
  [[nodiscard]] std::uint64_t take_number();
  /// A number of items of at least one byte each. It is at most the size of the rest, so a broken message
  /// cannot cause a large allocation.
  [[nodiscard]] std::size_t take_count();
  /// Valid as long as the message.
  [[nodiscard]] std::string_view take_text();
  [[nodiscard]] Bytes take_bytes();
  [[nodiscard]] RankSet take_ranks();
  [[nodiscard]] bool is_at_end() const noexcept { return left() == 0; }
  /// The number of bytes that have been read.
  [[nodiscard]] std::size_t position() const noexcept { return next_; }
  /// Throws ProtocolError if bytes are left.
  void expect_end() const;
  [[noreturn]] void refuse() const;

 private:
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - next_; }

  std::span<const std::byte> bytes_;
  int from_ = 0;
  std::size_t next_ = 0;
};

}  // namespace rankmesh
