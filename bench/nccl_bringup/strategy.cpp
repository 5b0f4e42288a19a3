#include "strategy.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "device.hpp"
#include "rankmesh/nccl.hpp"

namespace rankmesh::bench {
namespace {

/// Ends the process, because a blocking call cannot be cancelled.
[[noreturn]] void give_up(const mpi::StuckCall& stuck) {
  std::fprintf(stderr, "nccl_bringup_bench: %s\n", stuck.message().c_str());
  std::fflush(stderr);
  std::_Exit(EXIT_FAILURE);
}

class LibraryStrategy final : public Strategy {
 public:
  LibraryStrategy(nccl::Strategy strategy, bool blocking, const StrategySettings& settings)
      : Strategy({.strategy = std::string(nccl::to_string(strategy)), .blocking = blocking}),
        deadline_(settings.deadline) {
    options_.strategy = strategy;
    options_.blocking = blocking;
    options_.device = settings.device;
    options_.allow_shared_device = settings.shares_device;
    options_.bring_up.timeouts.deadline = settings.deadline;
    options_.bring_up.on_stuck = give_up;
  }

  void create(const Topology& topology) override {
    groups_.emplace(MPI_COMM_WORLD, topology.config(), options_);
  }

  [[nodiscard]] std::optional<ncclComm_t> at(GroupKind kind) const override {
    return groups_->at(kind).communicator;
  }

  [[nodiscard]] int communicator_count() const override {
    const CommunicatorPlan& plan = groups_->plan();
    const bool has_parent = groups_->world() && !plan.world_step();
    return plan.communicator_count(groups_->rank()) + (has_parent ? 1 : 0);
  }

  void close() override {
    groups_->close(deadline_);
    groups_.reset();
  }

 private:
  nccl::Options options_;
  std::chrono::seconds deadline_;
  std::optional<nccl::Communicators> groups_;
};

ncclUniqueId broadcast_identifier(MPI_Comm over, int root) {
  int rank = 0;
  MPI_Comm_rank(over, &rank);
  ncclUniqueId identifier{};
  if (rank == root) require(ncclGetUniqueId(&identifier), "ncclGetUniqueId");
  MPI_Bcast(&identifier, sizeof identifier, MPI_BYTE, root, over);
  return identifier;
}

class NaiveStrategy : public Strategy {
 public:
  explicit NaiveStrategy(std::string name)
      : Strategy({.strategy = std::move(name), .makes_singletons = true}) {}

  void create(const Topology& topology) override {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (const KindFamily& kind : topology.kinds()) {
      const std::optional<Place> place = kind.family.locate(rank);
      const std::optional<ncclUniqueId> identifier = distribute(kind.family, place);
      if (!place) continue;
      ncclComm_t communicator = nullptr;
      require(ncclCommInitRank(&communicator, kind.family.group_size(), *identifier, place->position),
              "ncclCommInitRank");
      created_.push_back({.kind = kind.kind, .communicator = communicator});
    }
  }

  [[nodiscard]] std::optional<ncclComm_t> at(GroupKind kind) const override {
    const auto found = std::find_if(created_.begin(), created_.end(),
                                    [&](const Created& created) { return created.kind == kind; });
    if (found == created_.end()) return std::nullopt;
    return found->communicator;
  }

  [[nodiscard]] int communicator_count() const override { return static_cast<int>(created_.size()); }

  void close() override {
    for (; !created_.empty(); created_.pop_back()) {
      require(ncclCommDestroy(created_.back().communicator), "ncclCommDestroy");
    }
  }

 private:
  struct Created {
    GroupKind kind;
    ncclComm_t communicator = nullptr;
  };

  /// The unique ID of this rank's group; nothing if the rank is in no group.
  /// @collective over the world
  [[nodiscard]] virtual std::optional<ncclUniqueId> distribute(const GroupFamily& family,
                                                               const std::optional<Place>& place) = 0;

  std::vector<Created> created_;
};

class NaiveBroadcast final : public NaiveStrategy {
 public:
  NaiveBroadcast() : NaiveStrategy("naive_broadcast") {}

 private:
  [[nodiscard]] std::optional<ncclUniqueId> distribute(const GroupFamily& family,
                                                       const std::optional<Place>& place) override {
    std::optional<ncclUniqueId> own;
    for (int group = 0; group < family.group_count(); ++group) {
      const ncclUniqueId identifier = broadcast_identifier(MPI_COMM_WORLD, family.rank_at({group, 0}));
      if (place && place->group == group) own = identifier;
    }
    return own;
  }
};

class NaiveSplit final : public NaiveStrategy {
 public:
  NaiveSplit() : NaiveStrategy("naive_split") {}

 private:
  [[nodiscard]] std::optional<ncclUniqueId> distribute(const GroupFamily& /*family*/,
                                                       const std::optional<Place>& place) override {
    MPI_Comm members = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, place ? place->group : MPI_UNDEFINED, place ? place->position : 0,
                   &members);
    if (!place) return std::nullopt;
    const ncclUniqueId identifier = broadcast_identifier(members, 0);
    MPI_Comm_free(&members);
    return identifier;
  }
};

}  // namespace

std::vector<std::unique_ptr<Strategy>> all_strategies(const StrategySettings& settings) {
  std::vector<std::unique_ptr<Strategy>> strategies;
  for (const auto strategy :
       {nccl::Strategy::unique_id, nccl::Strategy::mpi_split, nccl::Strategy::nccl_split}) {
    for (const bool blocking : {false, true}) {
      strategies.push_back(std::make_unique<LibraryStrategy>(strategy, blocking, settings));
    }
  }
  strategies.push_back(std::make_unique<NaiveBroadcast>());
  strategies.push_back(std::make_unique<NaiveSplit>());
  return strategies;
}

void warm_up() {
  int rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  ncclComm_t world = nullptr;
  require(ncclCommInitRank(&world, size, broadcast_identifier(MPI_COMM_WORLD, 0), rank), "ncclCommInitRank");
  int* number = nullptr;
  require(cudaMalloc(reinterpret_cast<void**>(&number), sizeof *number), "cudaMalloc");
  require(ncclAllReduce(number, number, 1, ncclInt32, ncclMax, world, nullptr), "ncclAllReduce");
  require(cudaStreamSynchronize(nullptr), "cudaStreamSynchronize");
  require(cudaFree(number), "cudaFree");
  require(ncclCommDestroy(world), "ncclCommDestroy");
}

}  // namespace rankmesh::bench
