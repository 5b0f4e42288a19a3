#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <vector>

#include "rankmesh/output/sink.hpp"

namespace rankmesh::cli {

/// Collects text in blocks for a sink. Text that is not flushed is lost.
class Writer {
 public:
  explicit Writer(Sink& sink) : sink_(sink), buffer_(capacity) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() = default;

  void put(char c) {
    reserve(1);
    buffer_[used_++] = c;
  }

  void put(std::string_view text) {
    if (text.size() > capacity) {
      flush();
      sink_.write(text);
      return;
    }
    reserve(text.size());
    text.copy(buffer_.data() + used_, text.size());
    used_ += text.size();
  }

  template <std::integral Number>
  void number(Number value) {
    constexpr std::size_t most_digits = 20;
    reserve(most_digits);
    char* begin = buffer_.data() + used_;
    used_ = static_cast<std::size_t>(std::to_chars(begin, begin + most_digits, value).ptr - buffer_.data());
  }

  void flush() {
    const std::size_t length = used_;
    used_ = 0;
    if (length > 0) sink_.write({buffer_.data(), length});
  }

 private:
  static constexpr std::size_t capacity = 1 << 16;

  void reserve(std::size_t length) {
    if (capacity - used_ < length) flush();
  }

  Sink& sink_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
};

}  // namespace rankmesh::cli
