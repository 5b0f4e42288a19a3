#include "wire.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "counters.hpp"

namespace rankmesh::nccl_double {

namespace {

/// Waits until `fd` is ready for `events`.
ncclResult_t await(int fd, short events, int cancel) {
  std::array<pollfd, 2> polled{{{fd, events, 0}, {cancel, POLLIN, 0}}};
  while (true) {
    const int ready = ::poll(polled.data(), cancel >= 0 ? 2 : 1, -1);
    if (ready < 0 && errno != EINTR) return ncclSystemError;
    if (ready <= 0) continue;
    if (cancel >= 0 && polled[1].revents != 0) return ncclInternalError;
    return ncclSuccess;
  }
}

/// The result for a failed socket call; ncclInProgress means: retry.
ncclResult_t result_of_errno(int fd, short events, int cancel) {
  if (errno == EINTR) return ncclInProgress;
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    const ncclResult_t waited = await(fd, events, cancel);
    return waited == ncclSuccess ? ncclInProgress : waited;
  }
  return errno == EPIPE || errno == ECONNRESET ? ncclRemoteError : ncclSystemError;
}

union ControlBuffer {
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
  cmsghdr header;
};

std::pair<sockaddr_un, socklen_t> address_of(std::uint64_t token) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const int length = std::snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
                                   "rankmesh-nccl-double-%016llx", static_cast<unsigned long long>(token));
  return {address,
          static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + static_cast<std::size_t>(length))};
}

Descriptor local_socket() {
  return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

void set_nonblocking(const Descriptor& socket) {
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
}

}  // namespace

void Descriptor::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Cancellation::Cancellation() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Cancellation::cancel() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof(one));
}

void Cancellation::reset() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = ::read(event_.get(), &count, sizeof(count));
}

bool Cancellation::wait(int milliseconds) const noexcept {
  pollfd polled{event_.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&polled, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

ncclResult_t await_readable(int fd, int cancel) {
  return await(fd, POLLIN, cancel);
}

ncclResult_t send_bytes(int fd, std::span<const std::byte> bytes, int cancel) {
  count_message(bytes.size());
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (const ncclResult_t result = result_of_errno(fd, POLLOUT, cancel); result != ncclInProgress) {
      return result;
    }
  }
  return ncclSuccess;
}

ncclResult_t receive_bytes(int fd, std::span<std::byte> bytes, int cancel) {
  while (!bytes.empty()) {
    const ssize_t received = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (received == 0) return ncclRemoteError;
    if (received > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(received));
    } else if (const ncclResult_t result = result_of_errno(fd, POLLIN, cancel); result != ncclInProgress) {
      return result;
    }
  }
  return ncclSuccess;
}

ncclResult_t send_with_descriptor(int fd, std::span<const std::byte> bytes, int passed, int cancel) {
  if (passed < 0) return send_bytes(fd, bytes, cancel);
  count_message(bytes.size());
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof(control);
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &passed, sizeof(passed));
  while (true) {
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    // The descriptor was sent with the first byte; the remaining bytes need no control message.
    if (sent >= 0) return send_bytes(fd, bytes.subspan(static_cast<std::size_t>(sent)), cancel);
    if (const ncclResult_t result = result_of_errno(fd, POLLOUT, cancel); result != ncclInProgress)
      return result;
  }
}

ncclResult_t receive_with_descriptor(int fd, std::span<std::byte> bytes, Descriptor& passed, int cancel) {
  iovec part{bytes.data(), bytes.size()};
  ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof(control);
  while (true) {
    const ssize_t received = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (received == 0) return ncclRemoteError;
    if (received > 0) {
      const cmsghdr* const header = CMSG_FIRSTHDR(&message);
      if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
        int descriptor = -1;
        std::memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
        passed = Descriptor(descriptor);
      }
      return receive_bytes(fd, bytes.subspan(static_cast<std::size_t>(received)), cancel);
    }
    if (const ncclResult_t result = result_of_errno(fd, POLLIN, cancel); result != ncclInProgress)
      return result;
  }
}

Descriptor listen_at(std::uint64_t token) {
  Descriptor socket = local_socket();
  const auto [address, length] = address_of(token);
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      ::listen(socket.get(), 1024) != 0) {
    return Descriptor();
  }
  set_nonblocking(socket);
  return socket;
}

Descriptor connect_to(std::uint64_t token) {
  Descriptor socket = local_socket();
  const auto [address, length] = address_of(token);
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return Descriptor();
  }
  set_nonblocking(socket);
  return socket;
}

Descriptor accept_from(const Descriptor& listener) {
  return Descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

std::pair<Descriptor, Descriptor> socket_pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) return {};
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

}  // namespace rankmesh::nccl_double
