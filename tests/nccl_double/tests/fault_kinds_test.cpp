// Every kind of fault in every call that can have it. Each process is a job of its own and makes one call.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl_double::counters;

namespace {

/// The final result of a call, and the communicator that it created, if any.
struct Left {
  int code = 0;
  ncclComm_t communicator = nullptr;
  std::chrono::steady_clock::duration took{};
};

/// Whether communicators are blocking.
enum class Manner { blocking, polled };

struct Call {
  std::string name;
  std::function<Left(Process&, Manner)> make;
  /// Whether the call has no communicator that can be polled.
  bool is_plain = false;
};

ncclConfig_t config_of(Manner manner) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = manner == Manner::blocking ? 1 : 0;
  return config;
}

/// The result of the work on a communicator, or ncclInProgress after 200 milliseconds.
int end_of(ncclResult_t result, ncclComm_t communicator) {
  return result == ncclInProgress ? settle(communicator, 200) : result;
}

ncclUniqueId own_id(Process& process) {
  return process.id(process.rank(), process.rank());
}

ncclComm_t alone(Process& process, Manner manner) {
  ncclConfig_t config = config_of(manner);
  ncclComm_t result = nullptr;
  const ncclResult_t started = ncclCommInitRankConfig(&result, 1, own_id(process), 0, &config);
  process.check(ncclSuccess, started == ncclInProgress ? settle(result) : started);
  return result;
}

Left init_rank(Process& process, Manner) {
  Left left;
  left.code = ncclCommInitRank(&left.communicator, 1, own_id(process), 0);
  return left;
}

Left init_rank_config(Process& process, Manner manner) {
  Left left;
  ncclConfig_t config = config_of(manner);
  const ncclResult_t started = ncclCommInitRankConfig(&left.communicator, 1, own_id(process), 0, &config);
  left.code = end_of(started, left.communicator);
  return left;
}

#if NCCL_VERSION_CODE >= 22300
Left init_rank_scalable(Process& process, Manner manner) {
  Left left;
  ncclUniqueId id = own_id(process);
  ncclConfig_t config = config_of(manner);
  const ncclResult_t started = ncclCommInitRankScalable(&left.communicator, 1, 0, 1, &id, &config);
  left.code = end_of(started, left.communicator);
  return left;
}
#endif

Left split(Process& process, Manner manner) {
  ncclComm_t const parent = alone(process, manner);
  // Never freed, because the work may still write to it.
  auto* const child = new ncclComm_t(nullptr);
  const int code = end_of(ncclCommSplit(parent, 0, 0, child, nullptr), parent);
  if (code != ncclInProgress) process.check(ncclSuccess, ncclCommAbort(*child));
  return {.code = code, .communicator = parent};
}

Left finalize(Process& process, Manner manner) {
  ncclComm_t const communicator = alone(process, manner);
  return {.code = end_of(ncclCommFinalize(communicator), communicator), .communicator = communicator};
}

Left all_reduce_one(Process& process, Manner manner) {
  ncclComm_t const communicator = alone(process, manner);
  static int value = 1;
  const ncclResult_t started = ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, communicator, nullptr);
  return {.code = end_of(started, communicator), .communicator = communicator};
}

Left unique_id(Process&, Manner) {
  ncclUniqueId id;
  return {.code = ncclGetUniqueId(&id)};
}

Left set_device(Process&, Manner) {
  return {.code = cudaSetDevice(0)};
}

Left device_count(Process&, Manner) {
  int count = 0;
  return {.code = cudaGetDeviceCount(&count)};
}

Left allocate(Process&, Manner) {
  void* memory = nullptr;
  return {.code = cudaMalloc(&memory, 8)};
}

Left make_stream(Process&, Manner) {
  cudaStream_t stream = nullptr;
  return {.code = cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, 0)};
}

const std::vector<Call> calls {
  {"ncclGetUniqueId", unique_id, true}, {"ncclCommInitRank", init_rank},
      {"ncclCommInitRankConfig", init_rank_config},
#if NCCL_VERSION_CODE >= 22300
      {"ncclCommInitRankScalable", init_rank_scalable},
#endif
      {"ncclCommSplit", split}, {"ncclCommFinalize", finalize}, {"ncclAllReduce", all_reduce_one},
      {"cudaSetDevice", set_device, true}, {"cudaGetDeviceCount", device_count, true},
      {"cudaMalloc", allocate, true}, {
    "cudaStreamCreateWithPriority", make_stream, true
  }
};

/// Whether a hang in this call cannot be ended.
bool ends_by_alarm(const Call& call) {
  return call.is_plain || call.name == "ncclCommInitRank";
}

/// Runs a process for each call, with this fault in the call.
Outcome run_each(const std::string& fault, Manner manner, const std::function<void(Process&, Left)>& judge) {
  std::string rules;
  for (std::size_t rank = 0; rank < calls.size(); ++rank) {
    rules += calls[rank].name + "@" + std::to_string(rank) + "=" + fault + ";";
  }
  return run_processes(static_cast<int>(calls.size()), {{"RANKMESH_DOUBLE_FAULTS", rules}},
                       [&](Process& process) {
                         const Call& call = calls[static_cast<std::size_t>(process.rank())];
                         if (ends_by_alarm(call)) ::alarm(2);
                         const auto begin = std::chrono::steady_clock::now();
                         Left left = call.make(process, manner);
                         left.took = std::chrono::steady_clock::now() - begin;
                         judge(process, left);
                       });
}

std::vector<int> everybody(int status) {
  return std::vector<int>(calls.size(), status);
}

void expect_code(const std::string& fault, Manner manner) {
  CAPTURE(fault);
  const Outcome outcome = run_each(fault, manner, [](Process& process, Left left) {
    process.check(left.code == 2);
    process.check(ncclSuccess, ncclCommAbort(left.communicator));
    process.check(counters().live_communicators == 0 && counters().live_streams == 0);
  });
  CHECK(outcome.failures == "");
  CHECK(outcome.statuses == everybody(0));
}

}  // namespace

TEST_CASE("each call can fail, at once or later") {
  for (const Manner manner : {Manner::blocking, Manner::polled}) {
    expect_code("error:2", manner);
    expect_code("async:2", manner);
  }
}

TEST_CASE("each call can be slow") {
  const Outcome outcome = run_each("slow:150", Manner::blocking, [](Process& process, Left left) {
    process.check(left.code == 0);
    process.check(left.took >= std::chrono::milliseconds(150));
    process.check(ncclSuccess, ncclCommAbort(left.communicator));
  });
  CHECK(outcome.failures == "");
  CHECK(outcome.statuses == everybody(0));
}

TEST_CASE("each call can kill its process") {
  const Outcome outcome = run_each("die", Manner::blocking, [](Process&, Left) {});
  CHECK(outcome.failures == "");
  CHECK(outcome.statuses == everybody(-SIGKILL));
}

TEST_CASE("each call can hang") {
  const Outcome outcome = run_each("hang", Manner::polled, [](Process& process, Left left) {
    process.check(left.code == ncclInProgress);
    process.check(ncclSuccess, ncclCommAbort(left.communicator));
  });
  // A hang in a call without a communicator, or in a blocking one, is ended by the alarm of the process.
  std::vector<int> expected;
  for (const Call& call : calls) expected.push_back(ends_by_alarm(call) ? -SIGALRM : 0);
  CHECK(outcome.failures == "");
  CHECK(outcome.statuses == expected);
}

TEST_CASE("the child of a split reports the size of the fault") {
  expect_well(2, {{"RANKMESH_DOUBLE_FAULTS", "ncclCommSplit@1=size:5"}}, [](Process& process) {
    ncclComm_t const parent = world(process);
    ncclComm_t child = nullptr;
    process.check(ncclSuccess, ncclCommSplit(parent, 0, 0, &child, nullptr));
    int size = 0;
    process.check(ncclSuccess, ncclCommCount(child, &size));
    process.check(size == (process.rank() == 1 ? 5 : 2));
    process.check(all_reduce(process, child, 1, ncclInt) == 2);
    close(process, child);
    close(process, parent);
  });
}
