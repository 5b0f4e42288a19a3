#pragma once

#include <nccl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "wire.hpp"

namespace rankmesh::tests::nccl_double {

struct Star;

enum class RequestKind : std::int32_t { handshake, split, all_reduce, all_gather, broadcast, finalize };

/// What all ranks must agree on to take part in one exchange.
struct Request {
  RequestKind kind = RequestKind::handshake;
  std::int32_t type = 0;
  std::int32_t operation = 0;
  std::int32_t root = 0;
  std::uint64_t count = 0;
  bool operator==(const Request&) const = default;
};

using Bytes = std::vector<std::byte>;

/// Makes one answer of the contributions of all ranks; runs on rank 0.
using Combine = std::function<Bytes(const std::vector<Bytes>& contributions)>;

/// The one pattern of all communication: everybody contributes to rank 0, which answers everybody alike.
/// @return ncclRemoteError on every rank when a peer has gone, ncclInvalidUsage when the requests differ
[[nodiscard]] ncclResult_t exchange(Star& star, const Request& request,
                                    std::span<const std::byte> contribution, const Combine& combine,
                                    Bytes& answer, int cancel);

/// Waits for all ranks that still live.
[[nodiscard]] ncclResult_t barrier_of_the_living(Star& star, int cancel);

/// The contributions one after the other.
[[nodiscard]] Bytes concatenate(const std::vector<Bytes>& contributions);

/// Gathers one value of every rank, in the order of ranks.
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

/// What one rank says in a split.
struct SplitChoice {
  std::int32_t color;
  std::int32_t key;
};

/// Splits the ranks of `parent` into stars of one color each, ordered by key, then by rank.
/// @param child stays empty when the color is NCCL_SPLIT_NOCOLOR
[[nodiscard]] ncclResult_t split_star(Star& parent, const SplitChoice& choice, Star& child, int cancel);

}  // namespace rankmesh::tests::nccl_double
