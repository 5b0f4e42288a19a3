#pragma once

#include <nccl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "wire.hpp"

namespace rankmesh::nccl_double {

struct Star;

enum class RequestKind : std::int32_t { handshake, split, all_reduce, all_gather, broadcast, finalize };

/// The parameters of an exchange; they must be equal on all ranks.
struct Request {
  RequestKind kind = RequestKind::handshake;
  std::int32_t type = 0;
  std::int32_t operation = 0;
  std::int32_t root = 0;
  std::uint64_t count = 0;
  bool operator==(const Request&) const = default;
};

using Bytes = std::vector<std::byte>;

/// Combines the contributions of all ranks into the answer; called on rank 0.
using Combine = std::function<Bytes(const std::vector<Bytes>& contributions)>;

/// The pattern of all communication: every rank sends its contribution to rank 0, which sends the same answer
/// to every rank.
/// @return ncclRemoteError on every rank if a peer has gone, ncclInvalidUsage if the requests differ
[[nodiscard]] ncclResult_t exchange(Star& star, const Request& request,
                                    std::span<const std::byte> contribution, const Combine& combine,
                                    Bytes& answer, int cancel);

/// Waits for all ranks that are alive.
[[nodiscard]] ncclResult_t barrier_of_the_living(Star& star, int cancel);

/// The contributions, concatenated in rank order.
[[nodiscard]] Bytes concatenate(const std::vector<Bytes>& contributions);

/// Gathers one value from every rank, in rank order.
template <typename T>
[[nodiscard]] ncclResult_t gather_values(Star& star, RequestKind kind, const T& own, std::vector<T>& all,
                                         int cancel) {
  Bytes answer;
  const ncclResult_t result =
      exchange(star, {.kind = kind}, std::as_bytes(std::span(&own, 1)), concatenate, answer, cancel);
  if (result != ncclSuccess) return result;
  const auto values = std::span(reinterpret_cast<const T*>(answer.data()), answer.size() / sizeof(T));
  all.assign(values.begin(), values.end());
  return ncclSuccess;
}

/// The arguments of one rank in a split.
struct SplitChoice {
  std::int32_t color;
  std::int32_t key;
};

/// Creates a star for each color from the ranks of `parent`, ordered by key, then by rank.
/// @param child unchanged if the color is NCCL_SPLIT_NOCOLOR
[[nodiscard]] ncclResult_t split_star(Star& parent, const SplitChoice& choice, Star& child, int cancel);

}  // namespace rankmesh::nccl_double
