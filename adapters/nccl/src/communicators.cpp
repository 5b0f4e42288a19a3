#include "rankmesh/nccl/communicators.hpp"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "device.hpp"
#include "drive.hpp"
#include "identifiers.hpp"
#include "library.hpp"
#include "operations.hpp"
#include "rankmesh/mpi/bring_up.hpp"
#include "rankmesh/nccl/error.hpp"

namespace rankmesh::nccl {
namespace {

std::string yes_or_no(bool value) {
  return value ? "true" : "false";
}

std::vector<AgreementField> fields_of(const Options& options, std::vector<AgreementField> fields) {
  const std::vector<AgreementField> own = {
      {.field = "nccl_version", .value = version_text(library_version())},
      {.field = "nccl_header", .value = version_text(NCCL_VERSION_CODE)},
      {.field = "nccl_strategy", .value = std::string(to_string(options.strategy))},
      {.field = "nccl_blocking", .value = yes_or_no(options.blocking)},
      {.field = "ranks_per_identifier", .value = std::to_string(options.ranks_per_identifier)},
      {.field = "share_split_resources", .value = yes_or_no(options.share_split_resources)},
      {.field = "host_communicators", .value = yes_or_no(options.host_communicators)},
      {.field = "allow_shared_device", .value = yes_or_no(options.allow_shared_device)}};
  fields.insert(fields.end(), own.begin(), own.end());
  return fields;
}

/// What the options of the kinds are to the bring-up.
struct KindTexts {
  /// They tell communicators apart: kinds made differently share none.
  mpi::Options options;
  /// Those of kinds that the topology does not have: agreed on, to be refused afterwards.
  std::vector<AgreementField> superfluous{};
};

KindTexts texts_of(const Options& options, const ParallelConfig& config) {
  KindTexts result{.options = options.bring_up};
  const bool is_valid = check(config).empty();
  for (const auto& [kind, own] : options.kinds) {
    const std::string text = to_string(own.communicator);
    if (text.empty()) continue;
    if (is_valid && Topology(config).find(kind) != nullptr) {
      result.options.plan.communicator_options[kind] = text;
    } else {
      result.superfluous.push_back({.field = "options." + std::string(kind.name()), .value = text});
    }
  }
  return result;
}

/// @throws OptionsError the same on every rank, where all agree on the options
void require_possible(const Options& options, const Topology& topology) {
  std::vector<std::string> problems;
  const int version = usable_version();
  const auto need = [&](const std::string& what, int since) {
    if (version < since) {
      problems.push_back(what + " needs NCCL " + version_text(since) + ", and this is " +
                         version_text(version));
    }
  };
  if (options.strategy == Strategy::nccl_split) need("strategy nccl_split", first_with_split);
  if (options.ranks_per_identifier < 1) {
    problems.push_back("ranks_per_identifier = " + std::to_string(options.ranks_per_identifier) +
                       " is below 1");
  }
  if (options.share_split_resources && options.strategy != Strategy::nccl_split) {
    problems.push_back("share_split_resources makes no sense with strategy " +
                       std::string(to_string(options.strategy)) + ": nothing is split");
  }
  for (const auto& [kind, own] : options.kinds) {
    const std::string name(kind.name());
    if (topology.find(kind) == nullptr)
      problems.push_back(name + ": this topology has no groups of this kind");
    for (const std::string& problem : check(own.communicator)) problems.push_back(name + ": " + problem);
    for (const ConfigKey& key : newer_than(own.communicator, version)) {
      need(name + "." + std::string(key.key), key.since);
    }
  }
  if (!problems.empty()) throw OptionsError(std::move(problems));
}

}  // namespace

std::string_view to_string(Strategy strategy) noexcept {
  switch (strategy) {
    case Strategy::unique_id:
      return "unique_id";
    case Strategy::mpi_split:
      return "mpi_split";
    case Strategy::nccl_split:
      return "nccl_split";
  }
  return "unknown";
}

/// One bring-up under way.
class Communicators::BringUp {
 public:
  BringUp(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
      : options_(options),
        texts_(texts_of(options, config)),
        blocking_(options.blocking || usable_version() < first_with_config),
        job_(communicator, config, texts_.options, fields_of(options, texts_.superfluous)) {
    require_possible(options, job_.plan().topology());
  }

  [[nodiscard]] std::unique_ptr<Made> run() {
    return job_.guarded([&] {
      job_.begin(parts());
      choose();
      const bool has_host = options_.host_communicators || options_.strategy == Strategy::mpi_split;
      if (has_host) {
        host_.emplace(job_);
        job_.require_success("host communicators");
      }
      const std::unique_ptr<Identifiers> identifiers = make_identifiers();
      const std::unique_ptr<Operations> operations = make_operations(*identifiers);
      carry_out(*operations, *identifiers);
      return collect(operations->take());
    });
  }

 private:
  [[nodiscard]] std::size_t parts() const {
    const CommunicatorPlan& plan = job_.plan();
    std::size_t parts = 2 + plan.steps().size();  // agreement, device, steps
    if (options_.host_communicators || options_.strategy == Strategy::mpi_split) {
      parts += mpi::Communicators::parts(plan);
    }
    if (options_.strategy != Strategy::unique_id) ++parts;   // identifiers
    if (options_.strategy == Strategy::nccl_split) ++parts;  // world
    return parts;
  }

  void choose() {
    DeviceChoice choice;
    job_.together({.name = "MPI_Comm_split_type", .part = "device"}, [&]() -> std::optional<std::string> {
      choice = choose_device(job_.caller().native(), job_.rank(),
                             {.device = options_.device, .allow_shared = options_.allow_shared_device});
      if (choice.problem.empty()) return make_streams();
      return choice.problem;
    });
    // No ID is made before all ranks have a device: it might never be used.
    job_.require_success("device");
    device_ = choice.device;
    job_.done_in_turn("device");
  }

  [[nodiscard]] std::unique_ptr<Identifiers> make_identifiers() {
    switch (options_.strategy) {
      case Strategy::unique_id:
        break;
      case Strategy::mpi_split:
        return std::make_unique<BroadcastIdentifiers>(job_, *host_, options_.ranks_per_identifier);
      case Strategy::nccl_split:
        return std::make_unique<BroadcastIdentifiers>(job_, options_.ranks_per_identifier);
    }
    return std::make_unique<ExchangedIdentifiers>(job_, options_.ranks_per_identifier);
  }

  [[nodiscard]] std::unique_ptr<Operations> make_operations(Identifiers& identifiers) {
    const HowToMake how{.options = options_, .blocking = blocking_, .kept = kept_};
#if RANKMESH_NCCL_HAS_SPLIT
    if (options_.strategy == Strategy::nccl_split) {
      const RankStep world{.kind = GroupKind("world"),
                           .group = 0,
                           .position = job_.rank(),
                           .size = job_.transport().size(),
                           .leader = 0};
      return std::make_unique<SplitOperations>(
          job_.steps(), SplitOperations::World{.made_as = world, .step = job_.plan().world_step()},
          identifiers, how);
    }
#endif
    return std::make_unique<InitOperations>(job_.steps(), identifiers, how);
  }

  void carry_out(Operations& operations, Identifiers& identifiers) {
    std::vector<bool> done(operations.count());
    try {
      (blocking_ ? drive_in_order : drive_together)(job_, operations, identifiers, done);
    } catch (const DeadlineError& error) {
      throw DeadlineError(error.details(), operations.abandoned_identifiers(done));
    } catch (const BringUpError& error) {
      throw BringUpError(error.step(), error.failures(), operations.abandoned_identifiers(done));
    }
  }

  [[nodiscard]] std::unique_ptr<Made> collect(Operations::Made made) {
    if (host_ && !options_.host_communicators) {
      host_->close();
      host_.reset();
    }
    CommunicatorSet<Communicator> set(job_.shared_plan(), job_.rank(), [&](const RankStep& step) {
      return std::move(made.by_step[step.step]);
    });
    return std::unique_ptr<Made>(new Made{.device = device_,
                                          .names = std::move(kept_),
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
      const std::optional<std::size_t> step = job_.plan().kind(kind).step;
      if (own.stream == Stream::none || !step || !job_.steps()[*step].group) continue;
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

  const Options& options_;
  KindTexts texts_;
  bool blocking_;
  mpi::BringUp job_;
  // Before what keeps pointers to them.
  std::list<std::string> kept_;
  std::optional<mpi::Communicators> host_;
  std::map<GroupKind, UniqueStream> streams_;
  int device_ = 0;
};

Communicators::Communicators(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
    : made_(BringUp(communicator, config, options).run()) {}

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
        return "has " + std::to_string(size) + " members and this rank at position " +
               std::to_string(position) + ", where the plan has " + std::to_string(step.size) + " and " +
               std::to_string(step.position);
      });
  int device = 0;
  static_cast<void>(cudaGetDevice(&device));
  return Communicators(std::unique_ptr<Made>(new Made{.device = device,
                                                      .names = {},
                                                      .host = {},
                                                      .streams = {},
                                                      .splits_world = false,
                                                      .world = {},
                                                      .set = std::move(set)}));
}

std::optional<ncclComm_t> Communicators::world() const noexcept {
  if (!made_->world.is_empty()) return made_->world.native();
  const auto step = plan().world_step();
  if (!made_->splits_world || !step) return std::nullopt;
  ncclComm_t native = made_->set.native_of(*step);
  return native != nullptr ? std::optional(native) : std::nullopt;
}

KindView Communicators::at(GroupKind kind) const {
  KindView view{made_->set.at(kind)};
  if (const auto stream = made_->streams.find(kind); stream != made_->streams.end()) {
    view.stream = stream->second.native();
  }
  if (made_->host) view.host = made_->host->at(kind).communicator;
  return view;
}

Communicator Communicators::release(GroupKind kind) {
  Communicator released = made_->set.release(kind);
  // NCCL keeps pointers to the names, and nobody knows for how long now.
  static_cast<void>(new std::list<std::string>(std::move(made_->names)));
  made_->names.clear();
  return released;
}

void Communicators::close(std::chrono::nanoseconds deadline) {
  if (made_->set.is_cleared()) return;
  const auto until = std::chrono::steady_clock::now() + deadline;
  std::vector<ncclComm_t> open = made_->set.natives();
  if (!made_->world.is_empty()) open.insert(open.begin(), made_->world.native());
  std::reverse(open.begin(), open.end());
#if RANKMESH_NCCL_HAS_CONFIG
  for (ncclComm_t communicator : open) {
    const ncclResult_t result = ncclCommFinalize(communicator);
    if (is_failure(result)) throw error_of("ncclCommFinalize", result);
  }
  for (ncclComm_t communicator : open) wait(communicator, until - std::chrono::steady_clock::now());
#else
  static_cast<void>(until);
#endif
  made_->set.clear();
  made_->world.reset();
  made_->streams.clear();
  if (made_->host) made_->host->close();
}

void wait(ncclComm_t communicator, std::chrono::nanoseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  ncclResult_t state = state_of(communicator);
  while (state == in_progress) {
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
