#include "proof.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <vector>

#include "device.hpp"
#include "rankmesh/nccl/communicators.hpp"

namespace rankmesh::bench {
namespace {

/// ncclInProgress, which headers before 2.14 do not have.
constexpr auto in_progress = static_cast<ncclResult_t>(7);

/// Spreads the ranks over 64 bits, so that sums of different sets differ: the steps of the generator
/// splitmix64.
std::uint64_t hash(int rank) {
  std::uint64_t bits = (static_cast<std::uint64_t>(rank) + 1) * 0x9E3779B97F4A7C15U;
  bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
  bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
  return bits ^ (bits >> 31U);
}

}  // namespace

Prover::Prover(int rank, int world_size) : rank_(rank), world_size_(world_size) {
  require(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  require(cudaMalloc(reinterpret_cast<void**>(&words_),
                     sizeof(std::uint64_t) * (1 + static_cast<std::size_t>(world_size))),
          "cudaMalloc");
}

Prover::~Prover() {
  static_cast<void>(cudaFree(words_));
  static_cast<void>(cudaStreamDestroy(stream_));
}

std::string Prover::check_presence(const KindFamily& kind, const std::optional<ncclComm_t>& mine,
                                   bool needs_singletons) const {
  const bool is_expected = kind.family.locate(rank_) && (kind.family.group_size() > 1 || needs_singletons);
  if (is_expected == mine.has_value()) return "";
  return fmt::format("rank {} has {} {} communicator", rank_, is_expected ? "no" : "a superfluous",
                     kind.kind.name());
}

Findings Prover::prove(const KindFamily& kind, const std::optional<ncclComm_t>& mine) {
  if (!mine) return {};
  int size = 0;
  require(ncclCommCount(*mine, &size), "ncclCommCount");
  const Place place = *kind.family.locate(rank_);
  const std::vector<int> wanted = kind.family.group(place.group).to_vector();
  std::uint64_t wanted_sum = 0;
  for (const int rank : wanted) wanted_sum += hash(rank);

  Findings findings;
  if (sum_of_hashes(*mine) != wanted_sum) {
    findings.members =
        fmt::format("rank {}: {} group {} should have the members {}, but has others, {} in number", rank_,
                    kind.kind.name(), place.group, wanted, size);
  }
  if (const std::vector<int> found = ranks_by_position(*mine, size); found != wanted) {
    findings.order = fmt::format("rank {}: {} group {} should be {}, but is {}", rank_, kind.kind.name(),
                                 place.group, wanted, found);
  }
  return findings;
}

std::uint64_t Prover::sum_of_hashes(ncclComm_t communicator) {
  const std::uint64_t own = hash(rank_);
  require(cudaMemcpyAsync(words_, &own, sizeof own, cudaMemcpyHostToDevice, stream_), "cudaMemcpyAsync");
  finish(ncclAllReduce(words_, words_ + 1, 1, ncclUint64, ncclSum, communicator, stream_), "ncclAllReduce",
         communicator);
  std::uint64_t sum = 0;
  require(cudaMemcpy(&sum, words_ + 1, sizeof sum, cudaMemcpyDeviceToHost), "cudaMemcpy");
  return sum;
}

std::vector<int> Prover::ranks_by_position(ncclComm_t communicator, int size) {
  require(cudaMemcpyAsync(words_, &rank_, sizeof rank_, cudaMemcpyHostToDevice, stream_), "cudaMemcpyAsync");
  finish(ncclAllGather(words_, words_ + 1, 1, ncclInt32, communicator, stream_), "ncclAllGather",
         communicator);
  std::vector<int> ranks(static_cast<std::size_t>(size));
  require(cudaMemcpy(ranks.data(), words_ + 1, sizeof(int) * ranks.size(), cudaMemcpyDeviceToHost),
          "cudaMemcpy");
  return ranks;
}

void Prover::finish(ncclResult_t enqueued, const char* call, ncclComm_t communicator) {
  if (enqueued != in_progress) require(enqueued, call);
  nccl::wait(communicator);
  require(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
}

}  // namespace rankmesh::bench
