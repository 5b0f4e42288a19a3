#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "identifiers.hpp"
#include "library.hpp"
#include "rankmesh/nccl/communicator.hpp"
#include "rankmesh/nccl/options.hpp"

namespace rankmesh::nccl {

/// The calls that make the communicators of a rank, in the same order on every rank. Each is started, and is
/// done when its state is ncclSuccess; blocking calls are done when `start` returns.
class Operations {
 public:
  Operations() = default;
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;
  virtual ~Operations() = default;

  /// What an operation is for: `world` or the kind of a step.
  struct Name {
    const char* call;
    std::string part;
    const RankStep* step = nullptr;
  };

  [[nodiscard]] virtual std::size_t count() const = 0;
  [[nodiscard]] virtual Name name(std::size_t operation) const = 0;
  /// Whether the IDs that an operation needs are known.
  [[nodiscard]] virtual bool has_identifiers(std::size_t operation) const = 0;
  /// The operation that must be done before this one is started, if there is one.
  [[nodiscard]] virtual std::optional<std::size_t> comes_after(std::size_t operation) const = 0;
  [[nodiscard]] virtual ncclResult_t start(std::size_t operation) = 0;
  /// Of an operation that was started.
  [[nodiscard]] virtual ncclResult_t state(std::size_t operation) = 0;

  /// What was made, once all operations are done; the communicators by step, empty where the rank has no
  /// group.
  struct Made {
    Communicator world;
    std::vector<Communicator> by_step;
  };
  [[nodiscard]] virtual Made take() = 0;
  /// The IDs that this rank made for operations that are not done.
  [[nodiscard]] virtual int abandoned_identifiers(const std::vector<bool>& done) const = 0;
};

/// How operations make communicators.
struct HowToMake {
  const Options& options;
  /// As decided for the version of NCCL.
  bool blocking = false;
  /// The strings that NCCL keeps pointers to.
  std::list<std::string>& kept;
};

/// Every communicator is initialised with IDs of its own, as soon as they are known.
class InitOperations final : public Operations {
 public:
  InitOperations(const std::vector<RankStep>& steps, Identifiers& identifiers, HowToMake how);

  [[nodiscard]] std::size_t count() const override { return steps_.size(); }
  [[nodiscard]] Name name(std::size_t operation) const override;
  [[nodiscard]] bool has_identifiers(std::size_t operation) const override;
  [[nodiscard]] std::optional<std::size_t> comes_after(std::size_t) const override { return std::nullopt; }
  [[nodiscard]] ncclResult_t start(std::size_t operation) override;
  [[nodiscard]] ncclResult_t state(std::size_t operation) override;
  [[nodiscard]] Made take() override { return {.world = {}, .by_step = std::move(made_)}; }
  [[nodiscard]] int abandoned_identifiers(const std::vector<bool>& done) const override;

 private:
  const std::vector<RankStep>& steps_;
  Identifiers& identifiers_;
  HowToMake how_;
  std::vector<Communicator> made_;
};

#if RANKMESH_NCCL_HAS_SPLIT
/// One communicator over the world is initialised, and then split once for each step: one split at a time. A
/// step whose one group is the world has the communicator itself.
class SplitOperations final : public Operations {
 public:
  /// How the world sees this rank.
  struct World {
    /// The step that makes the communicator to split.
    RankStep made_as;
    /// The step of the plan that has it, see `CommunicatorPlan::world_step`.
    std::optional<std::size_t> step{};
  };
  SplitOperations(const std::vector<RankStep>& steps, World world, Identifiers& identifiers, HowToMake how);
  ~SplitOperations() override;

  [[nodiscard]] std::size_t count() const override { return 1 + steps_.size(); }
  [[nodiscard]] Name name(std::size_t operation) const override;
  [[nodiscard]] bool has_identifiers(std::size_t operation) const override;
  [[nodiscard]] std::optional<std::size_t> comes_after(std::size_t operation) const override;
  [[nodiscard]] ncclResult_t start(std::size_t operation) override;
  [[nodiscard]] ncclResult_t state(std::size_t operation) override;
  [[nodiscard]] Made take() override;
  [[nodiscard]] int abandoned_identifiers(const std::vector<bool>& done) const override;

 private:
  const std::vector<RankStep>& steps_;
  World how_world_;
  Identifiers& identifiers_;
  HowToMake how_;
  Communicator world_;
  /// By step. Raw, since NCCL writes a handle when its split is done: the addresses must stay.
  std::vector<ncclComm_t> children_;
};
#endif

}  // namespace rankmesh::nccl
