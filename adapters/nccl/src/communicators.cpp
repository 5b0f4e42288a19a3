#include "rankmesh/nccl/communicators.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "device.hpp"
#include "rankmesh/comm/handout.hpp"
#include "rankmesh/mpi/caller.hpp"
#include "rankmesh/nccl/error.hpp"

namespace rankmesh::nccl {
namespace {

using Clock = std::chrono::steady_clock;

std::string nccl_version() {
  int version = 0;
  return ncclGetVersion(&version) == ncclSuccess ? std::to_string(version) : "unknown";
}

NcclError error_of(const char* call, ncclResult_t result) {
  return NcclError({.call = call, .code = static_cast<int>(result), .text = ncclGetErrorString(result)});
}

/// What a communicator is doing: nothing (ncclSuccess), something (ncclInProgress), or an error.
ncclResult_t state_of(ncclComm_t communicator) {
  ncclResult_t state = ncclSuccess;
  const ncclResult_t result = ncclCommGetAsyncError(communicator, &state);
  return result == ncclSuccess ? state : result;
}

bool is_failure(ncclResult_t result) {
  return result != ncclSuccess && result != ncclInProgress;
}

}  // namespace

/// One bring-up under way, until every communicator of this rank is there.
class Communicators::BringUp {
 public:
  BringUp(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
      : started_(Clock::now()),
        caller_(communicator),
        transport_(communicator, options.first_tag),
        plan_(agree_on_plan(transport_, config,
                            {.plan = options.plan,
                             .agreement = options.agreement,
                             .fields = {{.field = "nccl_version", .value = nccl_version()},
                                        {.field = "nccl_strategy", .value = "unique_id"}}})),
        steps_(plan_.for_rank(transport_.rank())),
        made_(steps_.size()),
        exchange_(transport_, plan_),
        completion_(transport_, {}, completion_options(options.agreement)) {
    run(options);
  }

  [[nodiscard]] int rank() const noexcept { return transport_.rank(); }
  [[nodiscard]] int device() const noexcept { return device_; }
  [[nodiscard]] const CommunicatorPlan& plan() const noexcept { return plan_; }
  [[nodiscard]] Communicator take(const RankStep& step) { return std::move(made_[step.step]); }

 private:
  /// The rest of the deadline is for the initialisation.
  [[nodiscard]] AgreementOptions completion_options(AgreementOptions options) const {
    options.deadline -= std::min(options.deadline, std::chrono::nanoseconds(Clock::now() - started_));
    options.step = "initialisation";
    options.channel = Channel::completion;
    options.arrives_at_once = false;
    return options;
  }

  void run(const Options& options) {
    const DeviceChoice choice = choose_device(
        caller_.native(), rank(), {.device = options.device, .allow_shared = options.allow_shared_device});
    device_ = choice.device;
    if (choice.problem.empty()) {
      offer_identifiers();
    } else {
      completion_.fail(choice.problem);
    }
    while (!completion_.step()) {
      if (advance()) completion_.arrive();
      transport_.idle();
    }
    // A verdict against the bring-up unwinds it, and what was made is aborted.
    completion_.verdict().raise();
  }

  /// Makes an identifier for every group that this rank leads, and no other.
  void offer_identifiers() {
    for (const std::size_t step : exchange_.led()) {
      ncclUniqueId identifier;
      const ncclResult_t result = ncclGetUniqueId(&identifier);
      if (result != ncclSuccess) {
        fail("ncclGetUniqueId", result, steps_[step]);
        return;
      }
      Handout handout{.bytes = Bytes(sizeof identifier)};
      std::memcpy(handout.bytes.data(), &identifier, sizeof identifier);
      exchange_.offer(step, std::move(handout));
    }
  }

  /// Starts what can be started and looks after what was. Returns whether every communicator is there.
  bool advance() {
    if (failed_) return false;
    const bool has_all = exchange_.step();
    bool at_rest = has_all;
    for (const RankStep& step : steps_) {
      if (!step.group || failed_) continue;
      Communicator& communicator = made_[step.step];
      if (communicator.is_empty() && exchange_.handout(step.step)) start(step);
      if (communicator.is_empty()) {
        at_rest = false;
        continue;
      }
      const ncclResult_t state = state_of(communicator.native());
      if (is_failure(state)) fail("ncclCommInitRankConfig", state, step);
      at_rest = at_rest && state == ncclSuccess;
    }
    return at_rest && !failed_;
  }

  void start(const RankStep& step) {
    ncclUniqueId identifier;
    std::memcpy(&identifier, exchange_.handout(step.step)->bytes.data(), sizeof identifier);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    ncclComm_t made = nullptr;
    const ncclResult_t result = ncclCommInitRankConfig(&made, step.size, identifier, step.position, &config);
    made_[step.step] = Communicator::from_native_handle(made);
    if (is_failure(result)) fail("ncclCommInitRankConfig", result, step);
  }

  void fail(const char* call, ncclResult_t result, const RankStep& step) {
    failed_ = true;
    const NcclError error({.call = call,
                           .code = static_cast<int>(result),
                           .text = ncclGetErrorString(result),
                           .kind = step.kind,
                           .group = step.group});
    completion_.fail(error.what());
  }

  Clock::time_point started_;
  mpi::CallersCommunicator caller_;
  mpi::MpiTransport transport_;
  CommunicatorPlan plan_;
  std::vector<RankStep> steps_;
  /// By step; empty where this rank has no group.
  std::vector<Communicator> made_;
  HandoutExchange exchange_;
  Agreement completion_;
  int device_ = 0;
  bool failed_ = false;
};

Communicators::Communicators(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
    : Communicators(BringUp(communicator, config, options)) {}

Communicators::Communicators(BringUp bring_up)
    : device_(bring_up.device()),
      set_(bring_up.plan(), bring_up.rank(), [&](const RankStep& step) { return bring_up.take(step); }) {}

void Communicators::close() {
  if (set_.is_cleared()) return;
  std::vector<ncclComm_t> open;
  for (const PlanStep& step : plan().steps()) {
    const auto mine = set_.at(step.kind);
    if (mine.communicator) open.push_back(*mine.communicator);
  }
  std::reverse(open.begin(), open.end());
  for (ncclComm_t communicator : open) {
    const ncclResult_t result = ncclCommFinalize(communicator);
    if (is_failure(result)) throw error_of("ncclCommFinalize", result);
  }
  for (ncclComm_t communicator : open) wait(communicator);
  set_.clear();
}

void wait(ncclComm_t communicator) {
  ncclResult_t state = state_of(communicator);
  while (state == ncclInProgress) {
    std::this_thread::sleep_for(std::chrono::microseconds(20));
    state = state_of(communicator);
  }
  if (state != ncclSuccess) throw error_of("ncclCommGetAsyncError", state);
}

}  // namespace rankmesh::nccl
