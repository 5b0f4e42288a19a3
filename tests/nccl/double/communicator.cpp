#include "communicator.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "counters.hpp"

namespace rankmesh::tests::nccl_double {

namespace {

struct LiveCommunicators {
  std::mutex mutex;
  std::set<const ncclComm*> all;
};

LiveCommunicators& live() {
  static LiveCommunicators* const instance = new LiveCommunicators;  // for threads at the end of the process
  return *instance;
}

thread_local std::string last_error;

ncclResult_t invalid(const char* what) {
  return fail(ncclInvalidArgument, std::string("invalid configuration: ") + what);
}

template <typename T>
void set_default(T& field, T open, T value) {
  if (field == open) field = value;
}

bool is_flag(int value) {
  return value == 0 || value == 1;
}

}  // namespace

ncclResult_t fail(ncclResult_t result, const std::string& message) {
  last_error = message;
  return result;
}

ncclResult_t read_config(const ncclConfig_t* given, ncclConfig_t& result) {
  const ncclConfig_t initial = NCCL_CONFIG_INITIALIZER;
  result = initial;
  if (given != nullptr) {
    result.magic = 0;
    std::memcpy(static_cast<void*>(&result), given, std::min(given->size, sizeof(result)));
    if (result.magic != initial.magic) return invalid("not from NCCL_CONFIG_INITIALIZER");
  }
  constexpr int open = NCCL_CONFIG_UNDEF_INT;
  if (result.blocking != open && !is_flag(result.blocking)) return invalid("blocking");
  if (result.cgaClusterSize != open && result.cgaClusterSize < 0) return invalid("cgaClusterSize");
  if (result.minCTAs != open && result.minCTAs <= 0) return invalid("minCTAs");
  if (result.maxCTAs != open && result.maxCTAs <= 0) return invalid("maxCTAs");
  if (result.minCTAs != open && result.maxCTAs != open && result.minCTAs > result.maxCTAs) {
    return invalid("minCTAs > maxCTAs");
  }
  if (result.splitShare != open && !is_flag(result.splitShare)) return invalid("splitShare");
  set_default(result.blocking, open, 1);
  set_default(result.cgaClusterSize, open, 4);
  set_default(result.minCTAs, open, 1);
  set_default(result.maxCTAs, open, 64);
  set_default(result.splitShare, open, 0);
  return ncclSuccess;
}

ncclResult_t check_handle(ncclComm_t communicator) {
  if (communicator == nullptr) return fail(ncclInvalidArgument, "communicator is null");
  const std::scoped_lock lock(live().mutex);
  return live().all.contains(communicator)
             ? ncclSuccess
             : fail(ncclInvalidArgument, "no communicator, or one already destroyed");
}

ncclResult_t check_ready(ncclComm_t communicator) {
  if (const ncclResult_t result = check_handle(communicator); result != ncclSuccess) return result;
  const ncclResult_t state = communicator->state;
  if (state == ncclInProgress) {
    return fail(ncclInvalidArgument, "communicator used before its previous operation has ended");
  }
  return state;
}

bool cancel_for_good(ncclComm_t communicator) {
  const std::scoped_lock lock(live().mutex);
  if (!live().all.contains(communicator)) return false;
  communicator->cancellation.cancel();
  return !communicator->ending.exchange(true);
}

extern "C" int rankmesh_nccl_double_config(ncclComm_t communicator, ncclConfig_t* config) {
  if (check_handle(communicator) != ncclSuccess) return 0;
  *config = communicator->config;
  return 1;
}

extern "C" const char* ncclGetLastError(ncclComm_t) {
  return last_error.c_str();
}

}  // namespace rankmesh::tests::nccl_double

using namespace rankmesh::tests::nccl_double;

ncclComm::ncclComm(const ncclConfig_t& settings) : config(settings), blocking(settings.blocking != 0) {
  ++atomic_counters().live_communicators;
  const std::scoped_lock lock(live().mutex);
  live().all.insert(this);
}

ncclComm::~ncclComm() {
  if (worker.joinable()) worker.join();
  const std::scoped_lock lock(live().mutex);
  live().all.erase(this);
  --atomic_counters().live_communicators;
}
