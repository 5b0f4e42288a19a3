#include "rankmesh/nccl/communicators.hpp"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agreed_options.hpp"
#include "before.hpp"
#include "communicator_maker.hpp"
#include "device.hpp"
#include "identifiers.hpp"
#include "library.hpp"
#include "rankmesh/comm/bring_up.hpp"
#include "rankmesh/comm/time_after.hpp"
#include "rankmesh/nccl/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::nccl {
namespace {

/// The IDs of a communicator cannot be several where NCCL has no `ncclCommInitRankScalable`.
int ranks_per_identifier([[maybe_unused]] const Options& options) noexcept {
#if RANKMESH_NCCL_HAS_SCALABLE_INIT
  return options.ranks_per_identifier;
#else
  return std::numeric_limits<int>::max();
#endif
}

NcclScheduleOptions schedule_options(const Options& options, int library_version) {
  return {.library_version = version_text(library_version),
          .header_version = version_text(NCCL_VERSION_CODE),
          .strategy = options.strategy,
          .blocking = options.blocking,
          .ranks_per_identifier = options.ranks_per_identifier,
          .share_split_resources = options.share_split_resources,
          .host_communicators = options.host_communicators,
          .allow_shared_device = options.allow_shared_device};
}

}  // namespace

/// One bring-up under way.
class Communicators::BringUp {
 public:
  /// Whether this rank needs a device also without a communicator.
  bool uses_device = false;

  /// @param host nothing without MPI
  /// @param before null unless a job goes on
  BringUp(Bootstrap& bootstrap, std::unique_ptr<HostSide> host, const ParallelConfig& config,
          const Options& options, const Before* before)
      : options_(with_full_names(options, config)),
        bootstrap_(bootstrap),
        host_(std::move(host)),
        before_(before),
        library_version_(library_version()),
        bring_up_options_(with_kind_options(options_, config)),
        begun_(bootstrap.begin(config, bring_up_options_, schedule_options(options_, library_version_))),
        bring_up_(*begun_) {}

  [[nodiscard]] std::unique_ptr<Owned> run() {
    std::vector<std::string> problems;
    auto made = run_or_abandon(bring_up_.session(), [&]() -> std::unique_ptr<Owned> {
      problems = problems_of(options_, bring_up_.plan().topology(), library_version_, host_ != nullptr);
      if (!problems.empty()) return nullptr;
      OlderCommunicators older;
      if (before_ != nullptr) {
        const bool shrinks = options_.shrink && has_shrink(library_version_);
        older = before_->take(bring_up_.plan(), bring_up_.rank(), shrinks, names_);
      }
      Identifiers::HasOlder has_older;
      for (const auto& one : older) {
        has_older.push_back(one ? std::optional(!one->communicator.is_empty()) : std::nullopt);
      }
      identifiers_.emplace(bring_up_, ranks_per_identifier(options_), std::move(has_older));
      maker_.emplace(bring_up_, options_, *identifiers_, std::move(older), names_);
      if (makes_host_communicators(schedule_options(options_, library_version_))) host_->prepare(bring_up_);
      try {
        for (const std::span<const BringUpStep> block : bring_up_.schedule().blocks()) {
          if (block.front().entry == BringUpStep::Entry::concurrent) {
            carry_out_concurrently(block);
          } else {
            carry_out(block.front());
          }
        }
      } catch (const DeadlineError& error) {
        throw DeadlineError(error.details(), maker_->abandoned_identifiers());
      } catch (const BringUpError& error) {
        throw BringUpError(error.step(), error.failures(), maker_->abandoned_identifiers());
      }
      return collect();
    });
    // Every rank has the same, so no rank has to be told.
    if (!problems.empty()) throw OptionsError(std::move(problems));
    return made;
  }

 private:
  using Action = BringUpStep::Action;

  void carry_out(const BringUpStep& step) {
    switch (step.action) {
      case Action::agree:
        return;
      case Action::choose_device:
        return bring_up_.carry_out(step, bootstrap_.gather_call(), [&] { return choose(); });
      case Action::duplicate:
      case Action::create_group:
        return host_->carry_out(step);
      case Action::use_world:
        maker_->make(step);
        return bring_up_.carry_out(step);
      case Action::broadcast_identifiers:
        return bring_up_.carry_out(step, bootstrap_.broadcast_call(), [&] {
          if (options_.strategy != Strategy::mpi_split) return identifiers_->broadcast_in_world(bootstrap_);
          host_->complete();
          return identifiers_->broadcast_in_groups(*host_);
        });
      case Action::initialise:
      case Action::split:
        return bring_up_.carry_out(step, maker_->call(step), [&] { return make(step); });
      case Action::complete:
        return bring_up_.carry_out(step);
      case Action::exchange_identifiers:
        throw std::logic_error(step.name);  // concurrent only
    }
  }

  /// Starts each step of a block as soon as it is ready, and polls all of them until they are done on all
  /// ranks.
  void carry_out_concurrently(std::span<const BringUpStep> block) {
    const std::span<const BringUpStep> steps = block.first(block.size() - 1);
    Agreement completion(
        bring_up_.session(), {},
        {.step = block.back().name, .arrives_at_once = false, .is_last = bring_up_.is_last(block.back())});
    std::vector<bool> done(steps.size());
    while (!completion.step()) {
      for (std::size_t i = 0; i < steps.size() && !bring_up_.failure(); ++i) {
        if (done[i]) {
          // The IDs of other members may still have to be passed on.
          if (steps[i].action == Action::exchange_identifiers) static_cast<void>(advance(steps[i], true));
          continue;
        }
        done[i] = advance(steps[i], i == 0 || done[i - 1]);
        if (done[i]) bring_up_.report(steps[i]);
      }
      if (bring_up_.failure()) {
        completion.fail(*bring_up_.failure());
      } else if (std::all_of(done.begin(), done.end(), [](bool is_done) { return is_done; })) {
        completion.arrive();
      }
      bring_up_.transport().idle();
    }
    bring_up_.conclude(block.back(), completion.verdict());
  }

  /// Carries a concurrent step on. Returns whether it is done.
  [[nodiscard]] bool advance(const BringUpStep& step, bool is_next) {
    if (step.action == Action::exchange_identifiers) {
      if (!is_exchanging_) {
        is_exchanging_ = true;
        if (auto failure = identifiers_->begin_exchange()) {
          bring_up_.fail(*std::move(failure));
          return false;
        }
      }
      return identifiers_->continue_exchange();
    }
    try {
      return maker_->advance(step, is_next);
    } catch (const NcclError& error) {
      bring_up_.fail(error.what());
      return false;
    }
  }

  /// Makes communicators with a call that blocks. Returns why it could not.
  [[nodiscard]] std::optional<std::string> make(const BringUpStep& step) {
    try {
      maker_->make(step);
      return std::nullopt;
    } catch (const NcclError& error) {
      return error.what();
    }
  }

  /// Chooses the device and makes the streams. Returns why it could not.
  [[nodiscard]] std::optional<std::string> choose() {
    const bool is_needed = makes_communicators();
    std::optional<int> device = options_.device;
    const Transport& transport = bring_up_.transport();
    // Among some ranks of a job, the number of the process on its node is not known.
    if (int current = 0; !device && is_needed && !transport.rank_names().empty()) {
      if (cudaGetDevice(&current) == cudaSuccess) device = current;
    }
    const DeviceRequest request{
        .device = device, .allow_shared = options_.allow_shared_device, .is_needed = is_needed};
    // The same on all ranks: then the others need not be asked.
    const bool is_alone = options_.allow_shared_device && !transport.rank_names().empty();
    const DeviceChoice choice = is_alone
                                    ? take_device(request)
                                    : choose_device(bootstrap_, transport.name_of(transport.rank()), request);
    if (!choice.problem.empty()) return choice.problem;
    device_ = choice.device;
    return is_needed ? make_streams() : std::nullopt;
  }

  /// Whether this rank gets a communicator of NCCL, now or later. Without one it needs no GPU, and CUDA is
  /// not called.
  [[nodiscard]] bool makes_communicators() const {
    if (uses_device || options_.strategy == Strategy::nccl_split) return true;
    const auto& steps = bring_up_.rank_steps();
    return std::any_of(steps.begin(), steps.end(),
                       [](const RankStep& step) { return step.group.has_value(); });
  }

  [[nodiscard]] std::unique_ptr<Owned> collect() {
    if (host_) host_->complete();
    if (host_ && !options_.host_communicators) {
      host_->close();
      host_.reset();
    }
    CommunicatorMaker::Communicators made = maker_->take();
    CommunicatorSet<Communicator> set(bring_up_.shared_plan(), bring_up_.rank(), [&](const RankStep& step) {
      return std::move(made.of_step[step.step]);
    });
    return std::unique_ptr<Owned>(new Owned{.origin = {},
                                            .options = options_,
                                            .device = device_,
                                            .names = std::move(names_),
                                            .host = std::move(host_),
                                            .streams = std::move(streams_),
                                            .splits_world = options_.strategy == Strategy::nccl_split,
                                            .world = std::move(made.world),
                                            .set = std::move(set)});
  }

  /// Makes the streams that were asked for. Returns why it could not.
  [[nodiscard]] std::optional<std::string> make_streams() {
    int least = 0;
    int greatest = 0;
    static_cast<void>(cudaDeviceGetStreamPriorityRange(&least, &greatest));
    for (const auto& [kind, own] : options_.kinds) {
      const std::optional<std::size_t> step = bring_up_.plan().kind(kind).step;
      if (own.stream == Stream::none || !step || !bring_up_.rank_steps()[*step].group) continue;
      cudaStream_t stream = nullptr;
      const cudaError_t result = cudaStreamCreateWithPriority(
          &stream, cudaStreamNonBlocking, own.stream == Stream::high_priority ? greatest : least);
      if (result != cudaSuccess) {
        return NcclError({.call = "cudaStreamCreateWithPriority",
                          .code = static_cast<int>(result),
                          .text = cudaGetErrorString(result),
                          .kind = kind})
            .what();
      }
      streams_.emplace(kind, UniqueStream::from_native_handle(stream));
    }
    return std::nullopt;
  }

  Options options_;
  Bootstrap& bootstrap_;
  std::unique_ptr<HostSide> host_;
  const Before* before_;
  /// The version that the ranks agree on.
  int library_version_;
  BringUpOptions bring_up_options_;
  std::unique_ptr<rankmesh::BringUp> begun_;
  rankmesh::BringUp& bring_up_;
  // Before the communicators, which keep pointers to them.
  std::list<std::string> names_{};
  std::optional<Identifiers> identifiers_{};
  std::optional<CommunicatorMaker> maker_{};
  std::map<GroupKind, UniqueStream> streams_{};
  int device_ = 0;
  bool is_exchanging_ = false;
};

std::unique_ptr<Communicators::Owned> Communicators::bring_up_over(Bootstrap& bootstrap,
                                                                   std::unique_ptr<HostSide> host,
                                                                   const ParallelConfig& config,
                                                                   const Options& options,
                                                                   const Before* before) {
  return BringUp(bootstrap, std::move(host), config, options, before).run();
}

int Communicators::chosen_device(Bootstrap& bootstrap, int ranks, Options options) {
  options.kinds = {};
  options.bring_up.plan = {.only = {}};
  options.bring_up.on_progress = nullptr;
  BringUp bring_up(bootstrap, nullptr, {.world_size = ranks}, options, nullptr);
  bring_up.uses_device = true;
  return bring_up.run()->device;
}

Communicators::Communicators(Bootstrap& bootstrap, const ParallelConfig& config, const Options& options)
    : Communicators(bring_up_over(bootstrap, nullptr, config, options, nullptr)) {}

Communicators Communicators::from_native_handles(const CommunicatorPlan& plan, int rank,
                                                 const std::map<GroupKind, ncclComm_t>& communicators) {
  auto set = adopt_communicators<Communicator>(
      plan, rank, communicators, [](ncclComm_t given, const RankStep& step, const RankList&) {
        int size = 0;
        int position = 0;
        if (given == nullptr || ncclCommCount(given, &size) != ncclSuccess ||
            ncclCommUserRank(given, &position) != ncclSuccess) {
          return std::string("is no communicator that works");
        }
        if (size == step.size && position == step.position) return std::string();
        return "has " + counted(size, "member") + " and this rank at position " + std::to_string(position) +
               ", where the plan has " + std::to_string(step.size) + " and " + std::to_string(step.position);
      });
  int device = 0;
  if (!communicators.empty()) static_cast<void>(cudaGetDevice(&device));
  return Communicators(std::unique_ptr<Owned>(new Owned{.origin = {},
                                                        .options = {},
                                                        .device = device,
                                                        .names = {},
                                                        .host = {},
                                                        .streams = {},
                                                        .splits_world = false,
                                                        .world = {},
                                                        .set = std::move(set)}));
}

std::optional<ncclComm_t> Communicators::world() const& noexcept {
  if (!owned_->world.is_empty()) return owned_->world.native();
  const auto step = plan().world_step();
  if (!owned_->splits_world || !step) return std::nullopt;
  ncclComm_t native = owned_->set.native_of(*step);
  return native != nullptr ? std::optional(native) : std::nullopt;
}

KindView Communicators::at(GroupKind kind) const& {
  KindView view{owned_->set.at(kind)};
  if (const auto stream = owned_->streams.find(view.kind); stream != owned_->streams.end()) {
    view.stream = stream->second.native();
  }
  if (owned_->host && view.has_communicator()) {
    if (const auto* made = owned_->host->communicators()) view.host = HostCommunicator(*made, view.kind);
  }
  return view;
}

Communicator Communicators::release(GroupKind kind) {
  Communicator released = owned_->set.release(kind);
  // NCCL keeps pointers to the names as long as the communicator lives, which only its new owner knows.
  static_cast<void>(new std::list<std::string>(std::move(owned_->names)));
  owned_->names.clear();
  return released;
}

void Communicators::abort() noexcept {
  for (ncclComm_t communicator : owned_->set.release_all()) ncclCommAbort(communicator);
  if (!owned_->world.is_empty()) ncclCommAbort(owned_->world.release());
}

void Communicators::close(std::chrono::nanoseconds deadline) {
  if (owned_->set.is_cleared()) return;
  const auto until = time_after(std::chrono::steady_clock::now(), deadline);
  std::vector<ncclComm_t> open = owned_->set.natives();
  if (!owned_->world.is_empty()) open.insert(open.begin(), owned_->world.native());
  std::reverse(open.begin(), open.end());
  for (ncclComm_t communicator : open) {
    const ncclResult_t result = ncclCommFinalize(communicator);
    if (is_failure(result)) throw error_of("ncclCommFinalize", result);
  }
  for (ncclComm_t communicator : open) wait(communicator, until - std::chrono::steady_clock::now());
  owned_->set.clear();
  owned_->world.reset();
  owned_->streams.clear();
  if (owned_->host) owned_->host->close();
}

void wait(ncclComm_t communicator, std::chrono::nanoseconds deadline) {
  const auto until = time_after(std::chrono::steady_clock::now(), deadline);
  ncclResult_t state = state_of(communicator);
  while (state == ncclInProgress) {
    if (std::chrono::steady_clock::now() >= until) {
      throw NcclError({.call = "ncclCommGetAsyncError",
                       .code = static_cast<int>(state),
                       .text = "still in progress when the deadline had passed"});
    }
    std::this_thread::sleep_for(std::chrono::microseconds(20));
    state = state_of(communicator);
  }
  if (state != ncclSuccess) throw error_of("ncclCommGetAsyncError", state);
}

}  // namespace rankmesh::nccl
