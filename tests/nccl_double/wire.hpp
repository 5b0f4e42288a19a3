#pragma once

#include <nccl.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace rankmesh::tests::nccl_double {

/// One file descriptor, closed with its owner.
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

/// Wakes whoever waits for a peer: every wait of a communicator watches one of these.
class Cancellation {
 public:
  Cancellation();
  void cancel() noexcept;
  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  /// Waits for the cancellation, at most `milliseconds` (-1: for ever). @return whether it came
  [[nodiscard]] bool wait(int milliseconds) const noexcept;

 private:
  Descriptor event_;
};

/// The waiting calls below return ncclSuccess, ncclRemoteError when the peer closed the connection,
/// ncclInternalError when `cancel` (the descriptor of a Cancellation, or -1) was signalled, ncclSystemError
/// when the system refused.
/// @{
[[nodiscard]] ncclResult_t send_bytes(int fd, std::span<const std::byte> bytes, int cancel);
[[nodiscard]] ncclResult_t receive_bytes(int fd, std::span<std::byte> bytes, int cancel);
/// Sends a small message that carries a descriptor, or none when `passed` is -1.
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

/// A socket in the abstract namespace, so that nothing is left on a disk: `token` is its name.
/// @{
[[nodiscard]] Descriptor listen_at(std::uint64_t token);
[[nodiscard]] Descriptor connect_to(std::uint64_t token);
[[nodiscard]] Descriptor accept_from(const Descriptor& listener);
/// @}

/// Two connected sockets; both empty when the system has no more.
[[nodiscard]] std::pair<Descriptor, Descriptor> socket_pair();

}  // namespace rankmesh::tests::nccl_double
