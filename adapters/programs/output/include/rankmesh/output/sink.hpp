#pragma once

#include <string>
#include <string_view>

#include "rankmesh/topology/error.hpp"

namespace rankmesh::cli {

/// A destination of text. `write` writes all of it or throws.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  /// @throws WriteError if the text cannot be written
  virtual void write(std::string_view text) = 0;
};

/// Text that could not be written: a full disk, a closed pipe.
class WriteError : public Error {
 public:
  /// @param code the `errno` of the failed call
  explicit WriteError(int code);

  /// The `errno` of the failed call.
  [[nodiscard]] int code() const noexcept { return code_; }
  /// Whether the reader closed the pipe, as `head` does: no failure of this program.
  [[nodiscard]] bool is_closed_pipe() const noexcept;

 private:
  int code_;
};

/// Writes to a file descriptor, which is not closed. A closed pipe is a WriteError only if SIGPIPE is
/// ignored.
class DescriptorSink final : public Sink {
 public:
  /// @param descriptor open for writing
  explicit DescriptorSink(int descriptor) noexcept : descriptor_(descriptor) {}
  void write(std::string_view text) override;

 private:
  int descriptor_;
};

/// Keeps the text in memory.
class StringSink final : public Sink {
 public:
  void write(std::string_view text) override { text_ += text; }
  /// Everything written so far.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace rankmesh::cli
