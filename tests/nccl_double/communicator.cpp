#include "communicator.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <set>

#include "counters.hpp"

namespace rankmesh::nccl_double {

namespace {

struct LiveCommunicators {
  std::mutex mutex;
  std::set<const ncclComm*> all;
};

LiveCommunicators& live() {
  static LiveCommunicators* const instance =
      new LiveCommunicators;  // never deleted, because threads may use it while the process exits
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

/// The number of bytes of a configuration that are options of its version. The padding at its end is
/// excluded, because later versions have an option there.
std::size_t bytes_of_options(const ncclConfig_t* config) {
  std::size_t bytes = std::min(config->size, sizeof(ncclConfig_t));
  if (bytes < offsetof(ncclConfig_t, blocking)) return bytes;
#if NCCL_VERSION_CODE >= 22600
  if (config->version < NCCL_VERSION(2, 26, 0)) bytes = std::min(bytes, offsetof(ncclConfig_t, trafficClass));
#endif
  return bytes;
}

std::int64_t bytes_of(const ncclConfig_t& config) {
  constexpr int channels = 16;
  return bytes_per_communicator +
         std::min(std::max(channels, config.minCTAs), config.maxCTAs) * bytes_per_channel;
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
    std::memcpy(static_cast<void*>(&result), given, bytes_of_options(given));
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
#if NCCL_VERSION_CODE >= 22700
  if (result.shrinkShare != open && !is_flag(result.shrinkShare)) return invalid("shrinkShare");
  set_default(result.shrinkShare, open, 0);
#endif
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

Use::Use(ncclComm_t communicator) : result_(check_handle(communicator)) {
  if (result_ != ncclSuccess) return;
  const std::scoped_lock lock(live().mutex);
  if (!live().all.contains(communicator) || communicator->ending) {
    result_ = fail(ncclInvalidArgument, "a communicator about to end");
    return;
  }
  communicator_ = communicator;
  ++communicator_->inside;
}

Use::~Use() {
  if (communicator_ != nullptr) --communicator_->inside;
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

ncclResult_t end_operations(ncclComm_t communicator) {
  communicator->cancellation.cancel();
  while (communicator->inside > 1) std::this_thread::yield();
  const std::scoped_lock lock(live().mutex);
  if (communicator->ending) return fail(ncclInvalidArgument, "a communicator about to end");
  communicator->cancellation.reset();
  communicator->star.peers.clear();
  communicator->star_lost = true;
  // An initialisation that did not succeed leaves nothing to use.
  if (!communicator->presence_names.empty()) communicator->state = ncclSuccess;
  return ncclSuccess;
}

extern "C" int rankmesh_nccl_double_config(ncclComm_t communicator, ncclConfig_t* config) {
  const Use use(communicator);
  if (use.result() != ncclSuccess) return 0;
  ncclConfig_t found = communicator->config;
  found.size = config->size;
  found.version = config->version;
  std::memcpy(static_cast<void*>(config), &found, bytes_of_options(config));
  return 1;
}

extern "C" const char* ncclGetLastError(ncclComm_t) {
  return last_error.c_str();
}

}  // namespace rankmesh::nccl_double

using namespace rankmesh::nccl_double;

ncclComm::ncclComm(const ncclConfig_t& settings)
    : config(settings),
      blocking(settings.blocking != 0),
      bytes(bytes_of(settings)) {
  ++atomic_counters().live_communicators;
  atomic_counters().communicator_bytes += bytes;
  const std::scoped_lock lock(live().mutex);
  live().all.insert(this);
}

ncclComm::~ncclComm() {
  if (worker.joinable()) worker.join();
  const std::scoped_lock lock(live().mutex);
  live().all.erase(this);
  --atomic_counters().live_communicators;
  atomic_counters().communicator_bytes -= bytes;
}

void ncclComm::end() {
  while (inside > 0) std::this_thread::yield();
  delete this;
}
