#include "rendezvous.hpp"

#include <sys/random.h>

#include <cstring>
#include <tuple>

#include "rendezvous_root.hpp"

namespace rankmesh::nccl_double {

namespace {

/// Rank 0 receives the connections to all other ranks from the thread of its unique ID.
ncclResult_t take_connections(int root, Star& star, int cancel) {
  bool all_here = true;
  for (int rank = 1; rank < star.size; ++rank) {
    Passed passed{};
    Descriptor connection;
    const ncclResult_t result =
        receive_with_descriptor(root, std::as_writable_bytes(std::span(&passed, 1)), connection, cancel);
    if (result != ncclSuccess) return result;
    all_here = all_here && connection;
    star.peers.at(static_cast<std::size_t>(passed.rank)) = std::move(connection);
  }
  return all_here ? ncclSuccess : ncclRemoteError;
}

/// Rank 0 of `meet_at`.
ncclResult_t await_members(std::uint64_t token, Star& star, int cancel) {
  Descriptor listener = listen_at(token);
  if (!listener) return ncclSystemError;
  std::vector<Descriptor> strangers;
  int missing = star.size - 1;
  while (missing > 0) {
    if (const ncclResult_t result = await_readable(listener.get(), cancel); result != ncclSuccess)
      return result;
    Descriptor connection = accept_from(listener);
    Greeting greeting{};
    if (!connection || receive_value(connection.get(), greeting, cancel) != ncclSuccess) continue;
    const bool is_member = greeting.magic == protocol_magic && greeting.size == star.size &&
                           greeting.rank > 0 && greeting.rank < star.size;
    if (!is_member) {
      strangers.push_back(std::move(connection));
      continue;
    }
    Descriptor& peer = star.peers[static_cast<std::size_t>(greeting.rank)];
    if (!peer) --missing;
    peer = std::move(connection);
  }
  // The name is free before anybody can meet here again.
  listener.reset();
  for (const Descriptor& peer : star.peers) {
    if (peer) std::ignore = send_value(peer.get(), Verdict::complete, cancel);
  }
  return ncclSuccess;
}

/// The other ranks of `meet_at`.
ncclResult_t join(std::uint64_t token, Star& star, const Cancellation& cancellation) {
  Descriptor connection;
  while (!connection) {
    connection = connect_to(token);
    if (!connection && cancellation.wait(1)) return ncclInternalError;
  }
  const Greeting greeting{.magic = protocol_magic, .rank = star.rank, .size = star.size};
  Verdict verdict{};
  const int cancel = cancellation.fd();
  ncclResult_t result = send_value(connection.get(), greeting, cancel);
  if (result == ncclSuccess) result = receive_value(connection.get(), verdict, cancel);
  star.peers[0] = std::move(connection);
  return result;
}

}  // namespace

std::uint64_t random_token() {
  std::uint64_t token = 0;
  std::ignore = ::getrandom(&token, sizeof(token), 0);
  return token;
}

std::uint64_t derived_token(std::uint64_t token, std::span<const int> numbers) {
  for (const int number : numbers) {
    // The finalizer of SplitMix64, Steele, Lea and Flood (2014).
    token += 0x9e3779b97f4a7c15 + static_cast<std::uint64_t>(number);
    token = (token ^ (token >> 30)) * 0xbf58476d1ce4e5b9;
    token = (token ^ (token >> 27)) * 0x94d049bb133111eb;
    token ^= token >> 31;
  }
  return token;
}

std::optional<std::uint64_t> token_of(const ncclUniqueId& id) {
  IdContent content{};
  std::memcpy(&content, id.internal, sizeof(content));
  if (content.magic != protocol_magic) return std::nullopt;
  return content.token;
}

ncclUniqueId unique_id_of(std::uint64_t token) {
  const IdContent content{.magic = protocol_magic, .token = token};
  ncclUniqueId id{};
  std::memcpy(id.internal, &content, sizeof(content));
  return id;
}

ncclResult_t meet_at(std::uint64_t token, Place place, Star& star, const Cancellation& cancellation) {
  star.rank = place.rank;
  star.size = place.size;
  star.peers.clear();
  star.peers.resize(star.is_hub() ? static_cast<std::size_t>(star.size) : 1);
  return star.is_hub() ? await_members(token, star, cancellation.fd()) : join(token, star, cancellation);
}

ncclResult_t meet(const Arrival& arrival, Star& star, const Cancellation& cancellation) {
  const int cancel = cancellation.fd();
  const int id_count = static_cast<int>(arrival.ids.size());
  std::vector<std::uint64_t> tokens;
  for (const ncclUniqueId& id : arrival.ids) {
    const std::optional<std::uint64_t> token = token_of(id);
    if (!token) return ncclInvalidArgument;
    tokens.push_back(*token);
  }
  star.rank = arrival.rank;
  star.size = arrival.size;
  const int index = id_of_rank({.size = arrival.size, .ids = id_count}, arrival.rank);
  Descriptor connection = connect_to(tokens[static_cast<std::size_t>(index)]);
  if (!connection) return ncclRemoteError;
  const Hello hello{.magic = protocol_magic,
                    .kind = HelloKind::rank,
                    .rank = arrival.rank,
                    .size = arrival.size,
                    .ids = id_count,
                    .id_index = index,
                    .first_token = tokens.front()};
  Verdict verdict{};
  ncclResult_t result = send_value(connection.get(), hello, cancel);
  if (result == ncclSuccess) result = receive_value(connection.get(), verdict, cancel);
  if (result == ncclRemoteError || (result == ncclSuccess && verdict == Verdict::given_up)) {
    connection.reset();
    return cancellation.wait(-1) ? ncclInternalError : ncclSystemError;
  }
  if (result != ncclSuccess) return result;
  star.peers.resize(star.is_hub() ? static_cast<std::size_t>(star.size) : 1);
  if (star.is_hub()) return take_connections(connection.get(), star, cancel);
  star.peers[0] = std::move(connection);
  return ncclSuccess;
}

}  // namespace rankmesh::nccl_double
