#include "identifiers.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "library.hpp"
#include "rankmesh/mpi/error.hpp"

namespace rankmesh::nccl {
namespace {

constexpr const char* what_makes_one = "ncclGetUniqueId";

Bytes bytes_of(const ncclUniqueId& identifier) {
  Bytes bytes(sizeof identifier);
  std::memcpy(bytes.data(), &identifier, sizeof identifier);
  return bytes;
}

/// What one rank broadcasts: an ID, or that it has none.
struct Offer {
  int is_made = 0;
  ncclUniqueId identifier{};
};

}  // namespace

int identifier_count(int size, int ranks_per_identifier) noexcept {
#if RANKMESH_NCCL_HAS_SCALABLE_INIT
  if (library_version() >= first_with_scalable_init) {
    return (size + ranks_per_identifier - 1) / ranks_per_identifier;
  }
#endif
  static_cast<void>(size);
  static_cast<void>(ranks_per_identifier);
  return 1;
}

ExchangedIdentifiers::ExchangedIdentifiers(mpi::BringUp& bring_up, int ranks_per_identifier)
    : exchange_(bring_up.transport(), bring_up.plan(),
                [=](int size) { return identifier_count(size, ranks_per_identifier); }),
      made_(bring_up.steps().size()) {
  for (const std::size_t step : exchange_.contributions()) {
    ncclUniqueId identifier;
    const ncclResult_t result = ncclGetUniqueId(&identifier);
    if (result != ncclSuccess) {
      failure_ = error_of(what_makes_one, result, &bring_up.steps()[step]).what();
      return;
    }
    ++made_[step];
    exchange_.offer(step, {.bytes = bytes_of(identifier)});
  }
}

std::vector<ncclUniqueId> ExchangedIdentifiers::of(std::size_t step) const {
  const std::optional<Payload>& payload = exchange_.payload(step);
  if (!payload) return {};
  std::vector<ncclUniqueId> identifiers(payload->bytes.size() / sizeof(ncclUniqueId));
  std::memcpy(identifiers.data(), payload->bytes.data(), identifiers.size() * sizeof(ncclUniqueId));
  return identifiers;
}

BroadcastIdentifiers::BroadcastIdentifiers(mpi::BringUp& bring_up, const mpi::Communicators& groups,
                                           int ranks_per_identifier)
    : known_(bring_up.steps().size()),
      made_(bring_up.steps().size()) {
  bring_up.together({.name = "MPI_Bcast", .part = "identifiers"}, [&] {
    for (const RankStep& step : bring_up.steps()) {
      if (step.group) broadcast(groups.at(step.kind).native(), step.step, ranks_per_identifier, &step);
    }
    return failure_;
  });
  bring_up.done("identifiers");
}

BroadcastIdentifiers::BroadcastIdentifiers(mpi::BringUp& bring_up, int ranks_per_identifier)
    : known_(1),
      made_(1) {
  bring_up.together({.name = "MPI_Bcast", .part = "identifiers"}, [&] {
    broadcast(bring_up.caller().native(), 0, ranks_per_identifier, nullptr);
    return failure_;
  });
  bring_up.done("identifiers");
}

void BroadcastIdentifiers::broadcast(MPI_Comm members, std::size_t step, int ranks_per_identifier,
                                     const RankStep* for_step) {
  int rank = 0;
  int size = 0;
  MPI_Comm_rank(members, &rank);
  MPI_Comm_size(members, &size);
  const int count = identifier_count(size, ranks_per_identifier);
  for (int index = 0; index < count; ++index) {
    // The first of each slice of the members, the longer slices first: those who meet at the ID.
    const int root = index * (size / count) + std::min(index, size % count);
    Offer offer;
    if (rank == root && !failure_) {
      const ncclResult_t result = ncclGetUniqueId(&offer.identifier);
      offer.is_made = result == ncclSuccess ? 1 : 0;
      made_[step] += offer.is_made;
      if (offer.is_made == 0) failure_ = error_of(what_makes_one, result, for_step).what();
    }
    const int code = MPI_Bcast(&offer, sizeof offer, MPI_BYTE, root, members);
    if (code != MPI_SUCCESS) {
      offer.is_made = 0;
      if (!failure_) failure_ = mpi::MpiError({.call = "MPI_Bcast", .code = code}).what();
    }
    // Without an ID there is no group; the rank that has none ends the next step for all.
    if (offer.is_made != 0) known_[step].push_back(offer.identifier);
  }
}

}  // namespace rankmesh::nccl
