// The NCCL calls that take ranks out of a communicator or add ranks to it.
#include <nccl.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "communicator.hpp"
#include "counters.hpp"
#include "creation.hpp"
#include "devices.hpp"
#include "faults.hpp"
#include "group.hpp"

#if NCCL_VERSION_CODE >= 22700

namespace rankmesh::nccl_double {

namespace {

/// Whether a list of excluded ranks, in ascending order, can be used by this rank.
bool is_exclusion(const ncclComm& parent, const std::vector<int>& excluded) {
  return !excluded.empty() && excluded.front() >= 0 && excluded.back() < parent.size &&
         std::adjacent_find(excluded.begin(), excluded.end()) == excluded.end() &&
         !std::binary_search(excluded.begin(), excluded.end(), parent.rank);
}

bool is_present(const ncclComm& communicator, int rank) {
  return static_cast<bool>(connect_to(communicator.presence_names[static_cast<std::size_t>(rank)]));
}

ncclResult_t meet_without(ncclComm& parent, const std::vector<int>& excluded, const Fault& fault,
                          Star& child) {
  if (fault.kind == FaultKind::needs_excluded &&
      !std::all_of(excluded.begin(), excluded.end(), [&](int rank) { return is_present(parent, rank); })) {
    return parent.cancellation.wait(-1) ? ncclInternalError : ncclSystemError;
  }
  const auto before = std::lower_bound(excluded.begin(), excluded.end(), parent.rank) - excluded.begin();
  const Place place{.rank = parent.rank - static_cast<int>(before),
                    .size = parent.size - static_cast<int>(excluded.size())};
  return meet_at(meeting_of(parent, Meeting::shrink, excluded), place, child, parent.cancellation);
}

struct Exclusion {
  int* ranks;
  int count;
};

ncclResult_t shrink(ncclComm_t parent, Exclusion exclusion, ncclComm_t* result, const ncclConfig_t* given,
                    int flags) {
  ++atomic_counters().shrink_calls;
  const Fault fault = next_fault("ncclCommShrink");
  if (result == nullptr) return fail(ncclInvalidArgument, "the result is null");
  if (fault.kind == FaultKind::error) return fail(static_cast<ncclResult_t>(fault.value), "injected fault");
  const Use use(parent);
  if (use.result() != ncclSuccess) return use.result();
  if (flags != NCCL_SHRINK_DEFAULT && flags != NCCL_SHRINK_ABORT)
    return fail(ncclInvalidArgument, "unknown flags of a shrink");
  if (exclusion.ranks == nullptr || exclusion.count <= 0)
    return fail(ncclInvalidArgument, "a shrink without excluded ranks");
  std::sort(exclusion.ranks, exclusion.ranks + exclusion.count);
  const std::vector<int> excluded(exclusion.ranks, exclusion.ranks + exclusion.count);
  if (!is_exclusion(*parent, excluded)) return fail(ncclInvalidArgument, "wrong list of excluded ranks");
  if (flags == NCCL_SHRINK_ABORT) {
    if (const ncclResult_t ended = end_operations(parent); ended != ncclSuccess) return ended;
  }
  const ChildRequest request{.parent = parent, .result = result, .config = given, .fault = fault};
  return launch_child(request, [parent, excluded, fault](Star& child) {
    return meet_without(*parent, excluded, fault, child);
  });
}

#if NCCL_VERSION_CODE >= 22900

ncclResult_t revoke(ncclComm_t communicator, int flags) {
  ++atomic_counters().revoke_calls;
  const Fault fault = next_fault("ncclCommRevoke");
  if (fault.kind == FaultKind::error) return fail(static_cast<ncclResult_t>(fault.value), "injected fault");
  if (communicator == nullptr) return ncclSuccess;
  if (flags != NCCL_REVOKE_DEFAULT) return fail(ncclInvalidArgument, "unknown flags of a revocation");
  const Use use(communicator);
  if (use.result() != ncclSuccess) return use.result();
  if (communicator->finalize_called) return fail(ncclInvalidArgument, "revoked after ncclCommFinalize");
  if (communicator->revoked.exchange(true)) return fail(ncclInvalidArgument, "revoked twice");
  if (const ncclResult_t ended = end_operations(communicator); ended != ncclSuccess) return ended;
  return launch({.communicator = communicator,
                 .run = [communicator, fault] { return undergo(fault, communicator->cancellation); }});
}

std::uint64_t grow_token(const ncclComm& parent, int number) {
  return meeting_of(parent, Meeting::grow, std::span(&number, 1));
}

ncclResult_t grow_id(ncclComm_t communicator, ncclUniqueId* id) {
  const Fault fault = next_fault("ncclCommGetUniqueId");
  if (fault.kind == FaultKind::error) return fail(static_cast<ncclResult_t>(fault.value), "injected fault");
  const Use use(communicator);
  if (use.result() != ncclSuccess) return use.result();
  if (id == nullptr) return fail(ncclInvalidArgument, "the ID is null");
  if (const ncclResult_t ready = check_ready(communicator); ready != ncclSuccess) return ready;
  if (communicator->has_grow_id) return fail(ncclInvalidUsage, "the previous ID is not used yet");
  if (const ncclResult_t result = undergo(fault, communicator->cancellation); result != ncclSuccess)
    return fail(result, "injected fault");
  communicator->has_grow_id = true;
  *id = unique_id_of(grow_token(*communicator, communicator->grows + 1));
  return ncclSuccess;
}

struct GrowCall {
  const ncclUniqueId* id;
  int rank;
  int size;
  ncclComm_t* result;
  const ncclConfig_t* config;
};

/// Starts the work of a grow: all ranks, old and new, meet at a name.
ncclResult_t launch_grow(std::uint64_t token, Place place, int device, const ncclConfig_t& config,
                         ncclComm_t* result, const Fault& fault) {
  auto* const child = new ncclComm(config);
  child->rank = place.rank;
  child->size = place.size;
  child->device = device;
  read_name(*child);
  const Use use(child);
  hand_out(child, result);
  return launch({.communicator = child,
                 .run =
                     [child, token, place, fault] {
                       ncclResult_t met = undergo(fault, child->cancellation);
                       if (met == ncclSuccess) met = meet_at(token, place, child->star, child->cancellation);
                       return met == ncclSuccess ? shake_hands(*child, child->cancellation.fd()) : met;
                     },
                 .drop =
                     [child, result] {
                       hand_out(nullptr, result);
                       delete child;
                     }});
}

ncclResult_t grow_from(ncclComm_t parent, const GrowCall& call, const Fault& fault) {
  const Use use(parent);
  if (use.result() != ncclSuccess) return use.result();
  if (call.size <= parent->size) return fail(ncclInvalidArgument, "a grow to fewer ranks");
  if (call.rank != -1) return fail(ncclInvalidArgument, "a rank number for a member of the parent");
  if (const ncclResult_t ready = check_ready(parent); ready != ncclSuccess) return ready;
  if (parent->finalize_called || parent->revoked)
    return fail(ncclInvalidUsage, "a grow after ncclCommFinalize or ncclCommRevoke");
  const std::uint64_t token = grow_token(*parent, parent->grows + 1);
  if (call.id != nullptr && token_of(*call.id) != token)
    return fail(ncclInvalidArgument, "not the ID of this grow");
  ncclConfig_t config = parent->config;
  if (call.config != nullptr) {
    if (const ncclResult_t read = read_config(call.config, config); read != ncclSuccess) return read;
  }
  ++parent->grows;
  parent->has_grow_id = false;
  return launch_grow(token, {.rank = parent->rank, .size = call.size}, parent->device, config, call.result,
                     fault);
}

ncclResult_t grow_into(const GrowCall& call, const Fault& fault) {
  if (device_count() == 0) return fail(ncclUnhandledCudaError, "no CUDA device");
  if (call.rank < 0 || call.rank >= call.size) return fail(ncclInvalidArgument, "no such rank");
  const std::optional<std::uint64_t> token = call.id == nullptr ? std::nullopt : token_of(*call.id);
  if (!token) return fail(ncclInvalidArgument, "no ID of a grow");
  ncclConfig_t config;
  if (const ncclResult_t read = read_config(call.config, config); read != ncclSuccess) return read;
  return launch_grow(*token, {.rank = call.rank, .size = call.size}, current_device(), config, call.result,
                     fault);
}

ncclResult_t grow(ncclComm_t parent, GrowCall call) {
  ++atomic_counters().grow_calls;
  const Fault fault = next_fault("ncclCommGrow");
  if (call.result == nullptr) return fail(ncclInvalidArgument, "the result is null");
  hand_out(nullptr, call.result);
  if (fault.kind == FaultKind::error) return fail(static_cast<ncclResult_t>(fault.value), "injected fault");
  if (fault.kind == FaultKind::size) call.size = fault.value;
  if (call.size <= 0) return fail(ncclInvalidArgument, "a grow to no rank");
  return parent != nullptr ? grow_from(parent, call, fault) : grow_into(call, fault);
}

#endif

}  // namespace

}  // namespace rankmesh::nccl_double

using namespace rankmesh::nccl_double;

extern "C" {

ncclResult_t ncclCommShrink(ncclComm_t comm, int* excludeRanksList, int excludeRanksCount,
                            ncclComm_t* newcomm, ncclConfig_t* config, int shrinkFlags) {
  return noted(
      shrink(comm, {.ranks = excludeRanksList, .count = excludeRanksCount}, newcomm, config, shrinkFlags));
}

#if NCCL_VERSION_CODE >= 22900

ncclResult_t ncclCommRevoke(ncclComm_t comm, int revokeFlags) {
  return noted(revoke(comm, revokeFlags));
}

ncclResult_t ncclCommGetUniqueId(ncclComm_t comm, ncclUniqueId* uniqueId) {
  return grow_id(comm, uniqueId);
}

ncclResult_t ncclCommGrow(ncclComm_t comm, int nRanks, const ncclUniqueId* uniqueId, int rank,
                          ncclComm_t* newcomm, ncclConfig_t* config) {
  return noted(
      grow(comm, {.id = uniqueId, .rank = rank, .size = nRanks, .result = newcomm, .config = config}));
}

#endif

}  // extern "C"

#endif
