#include "creation.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "devices.hpp"
#include "exchange.hpp"
#include "group.hpp"

namespace rankmesh::nccl_double {

namespace {

/// Identifies a GPU within the job.
struct Identity {
  Uuid uuid;
  std::array<char, 128> host;
  bool operator==(const Identity&) const = default;
};

/// What a rank tells the others in the first exchange of a communicator.
struct Introduction {
  Identity identity;
  std::uint64_t presence_name;
};

Identity identity_of(const ncclComm& communicator) {
  Identity identity{};
  identity.uuid = device_uuid(communicator.device);
  // NCCL_HOSTID makes processes of one machine act as if they ran on several hosts.
  if (const char* host = std::getenv("NCCL_HOSTID"))
    std::strncpy(identity.host.data(), host, identity.host.size() - 1);
  return identity;
}

}  // namespace

ncclResult_t shake_hands(ncclComm& communicator, int cancel) {
  const Introduction own{.identity = identity_of(communicator), .presence_name = random_token()};
  communicator.presence = listen_at(own.presence_name);
  if (!communicator.presence) return ncclSystemError;
  std::vector<Introduction> all;
  const ncclResult_t result = gather_values(communicator.star, RequestKind::handshake, own, all, cancel);
  if (result != ncclSuccess) return result;
  for (const Introduction& rank : all) communicator.presence_names.push_back(rank.presence_name);
  const char* shared = std::getenv("NCCL_MULTI_RANK_GPU_ENABLE");
  if (shared != nullptr && std::string(shared) == "1") return ncclSuccess;
  for (std::size_t left = 0; left < all.size(); ++left) {
    for (std::size_t right = left + 1; right < all.size(); ++right) {
      if (all[left].identity == all[right].identity) {
        return fail(ncclInvalidUsage,
                    "duplicate GPU: ranks " + std::to_string(left) + " and " + std::to_string(right));
      }
    }
  }
  return ncclSuccess;
}

void read_name(const ncclComm& communicator) {
#if NCCL_VERSION_CODE >= 22700
  if (communicator.config.commName != nullptr) {
    static std::atomic<std::size_t> sink;
    sink = std::strlen(communicator.config.commName);
  }
#else
  std::ignore = communicator;
#endif
}

void hand_out(ncclComm_t communicator, ncclComm_t* result) {
  std::atomic_ref(*result).store(communicator, std::memory_order_release);
}

ncclResult_t restore_star(ncclComm& communicator) {
  if (!communicator.star_lost) return ncclSuccess;
  const std::uint64_t token = meeting_of(communicator, Meeting::restored, {});
  const ncclResult_t result = meet_at(token, {.rank = communicator.rank, .size = communicator.size},
                                      communicator.star, communicator.cancellation);
  communicator.star_lost = result != ncclSuccess;
  return result;
}

std::uint64_t meeting_of(const ncclComm& communicator, Meeting meeting, std::span<const int> numbers) {
  const int kind = static_cast<int>(meeting);
  const std::uint64_t token = derived_token(communicator.presence_names.front(), std::span(&kind, 1));
  return derived_token(token, numbers);
}

namespace {

ncclResult_t run_child(const ChildRequest& request, ncclComm_t child, const Connect& connect) {
  ncclComm& parent = *request.parent;
  Star star;
  ncclResult_t result = undergo(request.fault, parent.cancellation);
  if (result == ncclSuccess) result = connect(star);
  if (child != nullptr) {
    child->rank = star.rank;
    child->size = star.size;
    child->star = std::move(star);
    if (result == ncclSuccess) result = shake_hands(*child, parent.cancellation.fd());
    if (result != ncclSuccess) child->star.peers.clear();  // ends the wait of the other members
    if (request.fault.kind == FaultKind::size) child->size = request.fault.value;
    child->state = result;
  }
  // A failed child is returned too: the caller must abort it.
  hand_out(child, request.result);
  parent.splitting = false;
  return result;
}

}  // namespace

ncclResult_t launch_child(const ChildRequest& request, Connect connect) {
  ncclComm_t const parent = request.parent;
  if (parent->splitting) return fail(ncclInvalidUsage, "two children of one communicator at a time");
  if (const ncclResult_t ready = check_ready(parent); ready != ncclSuccess) return ready;
  if (parent->finalize_called) return fail(ncclInvalidUsage, "a child after ncclCommFinalize");
  ncclConfig_t config = parent->config;
  if (request.config != nullptr) {
    if (const ncclResult_t read = read_config(request.config, config); read != ncclSuccess) return read;
  }
  hand_out(nullptr, request.result);
  ncclComm_t child = nullptr;
  if (request.takes_part) {
    child = new ncclComm(config);
    child->device = parent->device;
    read_name(*child);
  }
  parent->splitting = true;
  return launch(
      {.communicator = parent,
       .run = [request, child, connect = std::move(connect)] { return run_child(request, child, connect); },
       .drop =
           [parent, child] {
             parent->splitting = false;
             delete child;
           }});
}

}  // namespace rankmesh::nccl_double
