// The collective operations of NCCL, in host memory.
#include <nccl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "communicator.hpp"
#include "counters.hpp"
#include "devices.hpp"
#include "exchange.hpp"
#include "faults.hpp"
#include "group.hpp"

namespace rankmesh::nccl_double {

namespace {

/// The size of an element in bytes; 0 for an unknown type.
std::size_t size_of(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8:
      return 1;
    case ncclFloat16:
    case ncclBfloat16:
      return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32:
      return 4;
    case ncclInt64:
    case ncclUint64:
    case ncclFloat64:
      return 8;
    default:
      return 0;
  }
}

template <typename T>
T reduced(T left, T right, ncclRedOp_t operation) {
  // Unsigned arithmetic wraps, as on the device; overflow of signed types would be undefined behaviour.
  if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    if (operation == ncclSum)
      return static_cast<T>(static_cast<Unsigned>(left) + static_cast<Unsigned>(right));
    if (operation == ncclProd)
      return static_cast<T>(static_cast<Unsigned>(left) * static_cast<Unsigned>(right));
  }
  switch (operation) {
    case ncclSum:
      return left + right;
    case ncclProd:
      return left * right;
    case ncclMax:
      return std::max(left, right);
    default:
      return std::min(left, right);
  }
}

template <typename T>
Bytes reduce_as(const std::vector<Bytes>& contributions, ncclRedOp_t operation) {
  Bytes result = contributions.front();
  for (std::size_t rank = 1; rank < contributions.size(); ++rank) {
    for (std::size_t at = 0; at + sizeof(T) <= result.size(); at += sizeof(T)) {
      T left;
      T right;
      std::memcpy(&left, result.data() + at, sizeof(T));
      std::memcpy(&right, contributions[rank].data() + at, sizeof(T));
      left = reduced(left, right, operation);
      std::memcpy(result.data() + at, &left, sizeof(T));
    }
  }
  return result;
}

/// The reduction of a type; empty for types that the double does not support.
Combine reduction(ncclDataType_t type, ncclRedOp_t operation) {
  const auto as = [operation]<typename T>(T) -> Combine {
    return [operation](const std::vector<Bytes>& contributions) {
      return reduce_as<T>(contributions, operation);
    };
  };
  if (operation != ncclSum && operation != ncclProd && operation != ncclMax && operation != ncclMin)
    return {};
  switch (type) {
    case ncclInt32:
      return as(std::int32_t{});
    case ncclUint32:
      return as(std::uint32_t{});
    case ncclInt64:
      return as(std::int64_t{});
    case ncclUint64:
      return as(std::uint64_t{});
    case ncclFloat32:
      return as(float{});
    case ncclFloat64:
      return as(double{});
    default:
      return {};
  }
}

struct Collective {
  const char* name;
  ncclComm_t communicator;
  cudaStream_t stream;
  Request request;
  const void* send;  // null if this rank contributes nothing
  void* receive;
  std::size_t send_bytes;
  Combine combine;
};

ncclResult_t run(const Collective& call, const Fault& fault) {
  ncclResult_t result = undergo(fault, call.communicator->cancellation);
  if (result != ncclSuccess) return result;
  Bytes answer;
  const auto contribution = call.send == nullptr
                                ? std::span<const std::byte>()
                                : std::span(static_cast<const std::byte*>(call.send), call.send_bytes);
  result = exchange(call.communicator->star, call.request, contribution, call.combine, answer,
                    call.communicator->cancellation.fd());
  if (result == ncclSuccess && !answer.empty()) std::memcpy(call.receive, answer.data(), answer.size());
  return result;
}

ncclResult_t enqueue(Collective call) {
  ++atomic_counters().collective_calls;
  const Fault fault = next_fault(call.name);
  if (fault.kind == FaultKind::error) return fail(static_cast<ncclResult_t>(fault.value), "injected fault");
  const Use use(call.communicator);
  if (use.result() != ncclSuccess) return use.result();
  if (call.communicator->revoked) return fail(ncclInvalidUsage, "the communicator was revoked");
  if (const ncclResult_t ready = check_ready(call.communicator); ready != ncclSuccess) return ready;
  if (call.communicator->finalize_called) return fail(ncclInvalidUsage, "collective after ncclCommFinalize");
  if (!call.combine) return fail(ncclInvalidArgument, "a type or operation that the double does not know");
  if (call.request.root < 0 || call.request.root >= call.communicator->size) {
    return fail(ncclInvalidArgument, "no such root");
  }
  if (call.request.count > 0 && (call.receive == nullptr || (call.send == nullptr && call.send_bytes > 0))) {
    return fail(ncclInvalidArgument, "a buffer is null");
  }
  ncclComm_t const communicator = call.communicator;
  std::shared_ptr<void> on_stream = begin_work(call.stream);
  if (on_stream == nullptr) return fail(ncclInvalidArgument, "no such stream");
  return launch({.communicator = communicator,
                 .run = [call = std::move(call), fault, on_stream = std::move(on_stream)] {
                   return run(call, fault);
                 }});
}

Request request_of(RequestKind kind, ncclDataType_t type, std::size_t count) {
  return {.kind = kind, .type = static_cast<std::int32_t>(type), .count = count};
}

}  // namespace

}  // namespace rankmesh::nccl_double

using namespace rankmesh::nccl_double;

extern "C" {

ncclResult_t ncclAllReduce(const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype,
                           ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream) {
  Request request = request_of(RequestKind::all_reduce, datatype, count);
  request.operation = static_cast<std::int32_t>(op);
  return noted(enqueue({.name = "ncclAllReduce",
                        .communicator = comm,
                        .stream = stream,
                        .request = request,
                        .send = sendbuff,
                        .receive = recvbuff,
                        .send_bytes = count * size_of(datatype),
                        .combine = reduction(datatype, op)}));
}

ncclResult_t ncclAllGather(const void* sendbuff, void* recvbuff, size_t sendcount, ncclDataType_t datatype,
                           ncclComm_t comm, cudaStream_t stream) {
  return noted(enqueue({.name = "ncclAllGather",
                        .communicator = comm,
                        .stream = stream,
                        .request = request_of(RequestKind::all_gather, datatype, sendcount),
                        .send = sendbuff,
                        .receive = recvbuff,
                        .send_bytes = sendcount * size_of(datatype),
                        .combine = size_of(datatype) == 0 ? Combine() : Combine(concatenate)}));
}

ncclResult_t ncclBroadcast(const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype,
                           int root, ncclComm_t comm, cudaStream_t stream) {
  const Use use(comm);
  if (use.result() != ncclSuccess) return noted(use.result());
  Request request = request_of(RequestKind::broadcast, datatype, count);
  request.root = root;
  const bool is_root = comm->rank == root;
  const Combine pick = [root](const std::vector<Bytes>& contributions) {
    return contributions[static_cast<std::size_t>(root)];
  };
  return noted(enqueue({.name = "ncclBroadcast",
                        .communicator = comm,
                        .stream = stream,
                        .request = request,
                        .send = is_root ? sendbuff : nullptr,
                        .receive = recvbuff,
                        .send_bytes = is_root ? count * size_of(datatype) : 0,
                        .combine = size_of(datatype) == 0 ? Combine() : pick}));
}

}  // extern "C"
