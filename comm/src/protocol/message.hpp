#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/comm/transport.hpp"

namespace rankmesh {

/// Puts values into a message, little end first on every platform.
class MessageWriter {
 public:
  MessageWriter() { bytes_.reserve(usual_size); }

  void put_byte(std::uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void put_number(std::uint64_t value);
  void put_text(std::string_view text);
  void put_ranks(const RankSet& ranks);

  [[nodiscard]] const Bytes& bytes() const noexcept { return bytes_; }
  /// The message, for whom it was written.
  [[nodiscard]] Bytes take() noexcept { return std::move(bytes_); }

 private:
  /// Room for the report on a configuration.
  static constexpr std::size_t usual_size = 1024;

  Bytes bytes_;
};

/// Takes the values out again, in the same order.
class MessageReader {
 public:
  /// The message must outlive the reader.
  explicit MessageReader(const Message& message) : MessageReader(message.bytes, message.from) {}
  /// Of a part of one.
  /// @param from the rank that sent it
  MessageReader(std::span<const std::byte> bytes, int from) : bytes_(bytes), from_(from) {}

  // Each throws ProtocolError where the message does not hold what is asked for.
  [[nodiscard]] std::uint8_t take_byte();
  [[nodiscard]] std::uint64_t take_number();
  /// A number of things that take at least one byte each, so that a broken message asks for no great memory.
  [[nodiscard]] std::size_t take_count();
  /// Lives as long as the message.
  [[nodiscard]] std::string_view take_text();
  [[nodiscard]] RankSet take_ranks();
  [[nodiscard]] bool is_at_end() const noexcept { return left() == 0; }
  /// Throws ProtocolError if something is left.
  void expect_end() const;
  [[noreturn]] void refuse() const;

 private:
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - next_; }

  std::span<const std::byte> bytes_;
  int from_ = 0;
  std::size_t next_ = 0;
};

}  // namespace rankmesh
