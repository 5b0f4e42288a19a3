#include "exchange.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "rendezvous.hpp"

namespace rankmesh::nccl_double {

namespace {

/// The descriptors that have data or are closed; empty after a cancellation.
std::vector<int> readable(const std::vector<int>& descriptors, int cancel) {
  std::vector<pollfd> polled{{cancel, POLLIN, 0}};
  for (const int descriptor : descriptors) polled.push_back({descriptor, POLLIN, 0});
  while (::poll(polled.data(), polled.size(), -1) < 0 && errno == EINTR) {
  }
  std::vector<int> result;
  if (polled[0].revents != 0) return result;
  for (std::size_t i = 1; i < polled.size(); ++i) {
    if (polled[i].revents != 0) result.push_back(polled[i].fd);
  }
  return result;
}

ncclResult_t send_message(int fd, const Request& request, std::span<const std::byte> bytes, int cancel) {
  const std::uint64_t size = bytes.size();
  ncclResult_t result = send_value(fd, request, cancel);
  if (result == ncclSuccess) result = send_value(fd, size, cancel);
  return result == ncclSuccess ? send_bytes(fd, bytes, cancel) : result;
}

ncclResult_t receive_message(int fd, Request& request, Bytes& bytes, int cancel) {
  std::uint64_t size = 0;
  ncclResult_t result = receive_value(fd, request, cancel);
  if (result == ncclSuccess) result = receive_value(fd, size, cancel);
  if (result != ncclSuccess) return result;
  bytes.resize(size);
  return receive_bytes(fd, bytes, cancel);
}

/// Whether a lost connection is an error.
enum class Absence { error, ignored };

/// Rank 0: receives the contributions in the order of their arrival.
ncclResult_t collect(Star& star, const Request& request, Absence absence, std::vector<Bytes>& contributions,
                     int cancel) {
  ncclResult_t verdict = ncclSuccess;
  std::vector<int> missing;
  for (const Descriptor& peer : star.peers) {
    if (peer) missing.push_back(peer.get());
  }
  const std::size_t expected = static_cast<std::size_t>(star.size) - 1;
  if (absence == Absence::error && missing.size() < expected) return ncclRemoteError;
  while (!missing.empty()) {
    const std::vector<int> ready = readable(missing, cancel);
    if (ready.empty()) return ncclInternalError;
    for (std::size_t rank = 1; rank < star.peers.size(); ++rank) {
      const int peer = star.peers[rank].get();
      if (std::find(ready.begin(), ready.end(), peer) == ready.end() || peer < 0) continue;
      Request theirs{};
      const ncclResult_t result = receive_message(peer, theirs, contributions[rank], cancel);
      std::erase(missing, peer);
      if (result == ncclRemoteError && absence == Absence::ignored) {
        star.peers[rank].reset();
      } else if (result != ncclSuccess) {
        return result;
      } else if (!(theirs == request)) {
        verdict = ncclInvalidUsage;
      }
    }
  }
  return verdict;
}

ncclResult_t exchange_as_hub(Star& star, const Request& request, Absence absence,
                             std::span<const std::byte> contribution, const Combine& combine, Bytes& answer,
                             int cancel) {
  std::vector<Bytes> contributions(static_cast<std::size_t>(star.size));
  contributions[0].assign(contribution.begin(), contribution.end());
  const ncclResult_t verdict = collect(star, request, absence, contributions, cancel);
  if (verdict == ncclInternalError) return verdict;
  if (verdict == ncclSuccess) answer = combine(contributions);
  ncclResult_t result = verdict;
  for (const Descriptor& peer : star.peers) {
    if (!peer) continue;
    ncclResult_t sent = send_value(peer.get(), verdict, cancel);
    if (sent == ncclSuccess && verdict == ncclSuccess)
      sent = send_message(peer.get(), request, answer, cancel);
    if (sent == ncclRemoteError && absence == Absence::ignored) continue;
    if (result == ncclSuccess) result = sent;
  }
  // Ends the wait of other ranks for this one.
  if (result == ncclRemoteError) star.peers.clear();
  return result;
}

ncclResult_t exchange_as_member(const Star& star, const Request& request,
                                std::span<const std::byte> contribution, Bytes& answer, int cancel) {
  if (star.peers.empty() || !star.peers[0]) return ncclRemoteError;
  const int hub = star.peers[0].get();
  ncclResult_t verdict = ncclSuccess;
  Request echo{};
  ncclResult_t result = send_message(hub, request, contribution, cancel);
  if (result == ncclSuccess) result = receive_value(hub, verdict, cancel);
  if (result != ncclSuccess || verdict != ncclSuccess) return result != ncclSuccess ? result : verdict;
  return receive_message(hub, echo, answer, cancel);
}

}  // namespace

ncclResult_t exchange(Star& star, const Request& request, std::span<const std::byte> contribution,
                      const Combine& combine, Bytes& answer, int cancel) {
  return star.is_hub() ? exchange_as_hub(star, request, Absence::error, contribution, combine, answer, cancel)
                       : exchange_as_member(star, request, contribution, answer, cancel);
}

ncclResult_t barrier_of_the_living(Star& star, int cancel) {
  const Request request{.kind = RequestKind::finalize};
  Bytes answer;
  const ncclResult_t result =
      star.is_hub() ? exchange_as_hub(star, request, Absence::ignored, {}, concatenate, answer, cancel)
                    : exchange_as_member(star, request, {}, answer, cancel);
  return result == ncclRemoteError ? ncclSuccess : result;
}

Bytes concatenate(const std::vector<Bytes>& contributions) {
  Bytes result;
  for (const Bytes& part : contributions) result.insert(result.end(), part.begin(), part.end());
  return result;
}

}  // namespace rankmesh::nccl_double
