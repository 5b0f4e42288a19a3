// The NCCL calls that create, split and destroy communicators.
#include <nccl.h>

#include <string>
#include <vector>

#include "communicator.hpp"
#include "counters.hpp"
#include "creation.hpp"
#include "devices.hpp"
#include "exchange.hpp"
#include "faults.hpp"
#include "group.hpp"

namespace rankmesh::nccl_double {

namespace {

struct InitCall {
  const char* name;
  ncclComm_t* result;
  std::vector<ncclUniqueId> ids;
  int size;
  int rank;
  const ncclConfig_t* config = nullptr;
};

ncclResult_t run_init(ncclComm& communicator, const InitCall& call, const Fault& fault) {
  ncclResult_t result = undergo(fault, communicator.cancellation);
  if (result == ncclSuccess) {
    result = meet({.ids = call.ids, .rank = call.rank, .size = call.size}, communicator.star,
                  communicator.cancellation);
  }
  return result == ncclSuccess ? shake_hands(communicator, communicator.cancellation.fd()) : result;
}

ncclResult_t init(InitCall call) {
  ++atomic_counters().init_calls;
  const Fault fault = next_fault(call.name, "init");
  if (call.result == nullptr) return fail(ncclInvalidArgument, "the result is null");
  hand_out(nullptr, call.result);
  if (fault.kind == FaultKind::error) return fail(static_cast<ncclResult_t>(fault.value), "injected fault");
  if (fault.kind == FaultKind::size) call.size = fault.value;
  if (device_count() == 0) return fail(ncclUnhandledCudaError, "no CUDA device");
  if (call.size < 1 || call.rank < 0 || call.rank >= call.size) {
    return fail(ncclInvalidArgument,
                "rank " + std::to_string(call.rank) + " of " + std::to_string(call.size));
  }
  if (call.ids.empty() || static_cast<int>(call.ids.size()) > call.size) {
    return fail(ncclInvalidArgument,
                std::to_string(call.ids.size()) + " IDs for " + std::to_string(call.size));
  }
  ncclConfig_t config;
  if (const ncclResult_t result = read_config(call.config, config); result != ncclSuccess) return result;
  auto* const communicator = new ncclComm(config);
  communicator->rank = call.rank;
  communicator->size = call.size;
  communicator->device = current_device();
  read_name(*communicator);
  const Use use(communicator);
  hand_out(communicator, call.result);
  ncclComm_t* const result = call.result;
  return launch(
      {.communicator = communicator,
       .run = [communicator, call = std::move(call), fault] { return run_init(*communicator, call, fault); },
       .drop =
           [communicator, result] {
             hand_out(nullptr, result);
             delete communicator;
           }});
}

ncclResult_t split(ncclComm_t parent, SplitChoice choice, ncclComm_t* result, const ncclConfig_t* given) {
  ++atomic_counters().split_calls;
  const Fault fault = next_fault("ncclCommSplit");
  if (result == nullptr) return fail(ncclInvalidArgument, "the result is null");
  if (fault.kind == FaultKind::error) return fail(static_cast<ncclResult_t>(fault.value), "injected fault");
  const Use use(parent);
  if (use.result() != ncclSuccess) return use.result();
  if (choice.color != NCCL_SPLIT_NOCOLOR && choice.color < 0)
    return fail(ncclInvalidArgument, "negative color");
  const ChildRequest request{.parent = parent,
                             .result = result,
                             .config = given,
                             .takes_part = choice.color != NCCL_SPLIT_NOCOLOR,
                             .fault = fault};
  return launch_child(request, [parent, choice](Star& child) {
    const ncclResult_t restored = restore_star(*parent);
    return restored == ncclSuccess ? split_star(parent->star, choice, child, parent->cancellation.fd())
                                   : restored;
  });
}

ncclResult_t finalize(ncclComm_t communicator) {
  ++atomic_counters().finalize_calls;
  const Fault fault = next_fault("ncclCommFinalize");
  if (fault.kind == FaultKind::error) return fail(static_cast<ncclResult_t>(fault.value), "injected fault");
  if (communicator == nullptr) return ncclSuccess;
  const Use use(communicator);
  if (use.result() != ncclSuccess) return use.result();
  if (const ncclResult_t ready = check_ready(communicator); ready != ncclSuccess) return ready;
  if (communicator->revoked) return fail(ncclInvalidArgument, "finalized after ncclCommRevoke");
  if (communicator->finalize_called) return fail(ncclInvalidArgument, "finalized twice");
  communicator->finalize_called = true;
  return launch({.communicator = communicator, .run = [communicator, fault] {
                   const ncclResult_t result = undergo(fault, communicator->cancellation);
                   if (result != ncclSuccess) return result;
                   return barrier_of_the_living(communicator->star, communicator->cancellation.fd());
                 }});
}

ncclResult_t destroy(ncclComm_t communicator) {
  ++atomic_counters().destroy_calls;
  const Fault fault = next_fault("ncclCommDestroy");
  if (fault.kind == FaultKind::error) return fail(static_cast<ncclResult_t>(fault.value), "injected fault");
  if (communicator == nullptr) return ncclSuccess;
  {
    const Use use(communicator);
    if (use.result() != ncclSuccess) return use.result();
    if (const ncclResult_t ready = check_ready(communicator); ready != ncclSuccess) return ready;
    if (communicator->ending.exchange(true)) return fail(ncclInvalidArgument, "destroyed twice");
    read_name(*communicator);
  }
  return launch({.communicator = communicator,
                 .run =
                     [communicator, fault] {
                       const int cancel = communicator->cancellation.fd();
                       const ncclResult_t result = undergo(fault, communicator->cancellation);
                       if (result == ncclSuccess && !communicator->finalize_called &&
                           !communicator->revoked) {
                         std::ignore = barrier_of_the_living(communicator->star, cancel);
                       }
                       communicator->end();
                       return fault.kind == FaultKind::async ? result : ncclSuccess;
                     },
                 .drop = [communicator] { communicator->ending = false; },
                 .ends_communicator = true});
}

ncclResult_t abort(ncclComm_t communicator) {
  ++atomic_counters().abort_calls;
  if (const int code = undergo_fault_of("ncclCommAbort"); code != 0) {
    return fail(static_cast<ncclResult_t>(code), "injected fault");
  }
  if (communicator == nullptr) return ncclSuccess;
  if (const ncclResult_t checked = check_handle(communicator); checked != ncclSuccess) return checked;
  // If ncclCommDestroy is in progress, that call deletes the communicator.
  if (!cancel_for_good(communicator)) return ncclSuccess;
  read_name(*communicator);
  communicator->end();
  return ncclSuccess;
}

}  // namespace

}  // namespace rankmesh::nccl_double

using namespace rankmesh::nccl_double;

extern "C" {

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  if (const int code = undergo_fault_of("ncclGetUniqueId"); code != 0) {
    return fail(static_cast<ncclResult_t>(code), "injected fault");
  }
  return id == nullptr ? fail(ncclInvalidArgument, "the ID is null") : make_unique_id(*id);
}

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int nranks, ncclUniqueId commId, int rank) {
  return noted(
      init({.name = "ncclCommInitRank", .result = comm, .ids = {commId}, .size = nranks, .rank = rank}));
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int nranks, ncclUniqueId commId, int rank,
                                    ncclConfig_t* config) {
  return noted(init({.name = "ncclCommInitRankConfig",
                     .result = comm,
                     .ids = {commId},
                     .size = nranks,
                     .rank = rank,
                     .config = config}));
}

#if NCCL_VERSION_CODE >= 22300
ncclResult_t ncclCommInitRankScalable(ncclComm_t* newcomm, int nranks, int myrank, int nId,
                                      ncclUniqueId* commIds, ncclConfig_t* config) {
  if (commIds == nullptr || nId < 1 || nId > nranks) {
    return noted(fail(ncclInvalidArgument, std::to_string(nId) + " IDs for " + std::to_string(nranks)));
  }
  return noted(init({.name = "ncclCommInitRankScalable",
                     .result = newcomm,
                     .ids = std::vector<ncclUniqueId>(commIds, commIds + nId),
                     .size = nranks,
                     .rank = myrank,
                     .config = config}));
}
#endif

ncclResult_t ncclCommSplit(ncclComm_t comm, int color, int key, ncclComm_t* newcomm, ncclConfig_t* config) {
  return noted(split(comm, {.color = color, .key = key}, newcomm, config));
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  return noted(finalize(comm));
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  return noted(destroy(comm));
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  return noted(rankmesh::nccl_double::abort(comm));
}

}  // extern "C"
