#pragma once

#include <nccl.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace rankmesh::nccl_double {

/// A file descriptor that is closed by the destructor.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset() noexcept;

 private:
  int fd_ = -1;
};

/// Ends the waits of a communicator: each of them also waits for this event.
class Cancellation {
 public:
  Cancellation();
  void cancel() noexcept;
  /// Takes back all cancellations so far.
  void reset() noexcept;
  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  /// Waits for the cancellation, at most `milliseconds` (-1: without limit).
  /// @return whether the cancellation came
  [[nodiscard]] bool wait(int milliseconds) const noexcept;

 private:
  Descriptor event_;
};

/// The functions below return ncclSuccess, ncclRemoteError if the peer closed the connection,
/// ncclInternalError if `cancel` (the descriptor of a Cancellation, or -1) was signalled, or ncclSystemError
/// if a system call failed.
/// @{
[[nodiscard]] ncclResult_t await_readable(int fd, int cancel);
[[nodiscard]] ncclResult_t send_bytes(int fd, std::span<const std::byte> bytes, int cancel);
[[nodiscard]] ncclResult_t receive_bytes(int fd, std::span<std::byte> bytes, int cancel);
/// Sends a small message together with a descriptor, or without one if `passed` is -1.
[[nodiscard]] ncclResult_t send_with_descriptor(int fd, std::span<const std::byte> bytes, int passed,
                                                int cancel);
[[nodiscard]] ncclResult_t receive_with_descriptor(int fd, std::span<std::byte> bytes, Descriptor& passed,
                                                   int cancel);

template <typename T>
[[nodiscard]] ncclResult_t send_value(int fd, const T& value, int cancel) {
  return send_bytes(fd, std::as_bytes(std::span(&value, 1)), cancel);
}
template <typename T>
[[nodiscard]] ncclResult_t receive_value(int fd, T& value, int cancel) {
  return receive_bytes(fd, std::as_writable_bytes(std::span(&value, 1)), cancel);
}
/// @}

/// Sockets in the abstract namespace, which leave no file behind. `token` is the name.
/// @{
[[nodiscard]] Descriptor listen_at(std::uint64_t token);
[[nodiscard]] Descriptor connect_to(std::uint64_t token);
[[nodiscard]] Descriptor accept_from(const Descriptor& listener);
/// @}

/// Two connected sockets; both empty if the system call failed.
[[nodiscard]] std::pair<Descriptor, Descriptor> socket_pair();

}  // namespace rankmesh::nccl_double
