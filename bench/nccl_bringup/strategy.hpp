#pragma once

#include <nccl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh::bench {

/// A strategy to create the NCCL communicators of a layout: one of the library, or one that programs without
/// the library use.
class Strategy {
 public:
  /// The name and the variant of a strategy.
  struct Name {
    /// `unique_id`, `mpi_split`, `nccl_split`, `naive_broadcast`, `naive_split`.
    std::string strategy{};
    /// Whether the communicators are blocking.
    bool blocking = true;
    /// Whether groups of one rank have a communicator too.
    bool makes_singletons = false;
  };

  explicit Strategy(Name name) : name_(std::move(name)) {}
  Strategy(const Strategy&) = delete;
  Strategy& operator=(const Strategy&) = delete;
  virtual ~Strategy() = default;

  [[nodiscard]] const Name& name() const noexcept { return name_; }

  /// Creates the communicators.
  /// @collective over the world
  /// @throws Error
  virtual void create(const Topology& topology) = 0;
  /// The communicator of this rank; nothing if it has none.
  [[nodiscard]] virtual std::optional<ncclComm_t> at(GroupKind kind) const = 0;
  /// The number of communicators of this rank, including parents that are only split.
  [[nodiscard]] virtual int communicator_count() const = 0;
  /// Destroys the communicators.
  /// @collective over the world
  virtual void close() = 0;

 private:
  Name name_;
};

/// Settings of all strategies.
struct StrategySettings {
  int device = 0;
  /// Whether several ranks use one GPU.
  bool shares_device = false;
  std::chrono::seconds deadline = std::chrono::minutes(2);
};

/// Each strategy of the library, non-blocking and blocking; then two strategies without the library:
///
/// - `naive_broadcast`: for each kind in turn, the first rank of each group broadcasts a unique ID over the
///   world, and each rank initialises the communicator of its group, blocking;
/// - `naive_split`: the same, but the unique IDs are broadcast in groups from MPI_Comm_split.
///
/// The last two share no communicator between kinds, and groups of one rank have one too.
[[nodiscard]] std::vector<std::unique_ptr<Strategy>> all_strategies(const StrategySettings& settings);

/// Creates, uses and destroys one communicator of the world, so that one-time initialisation of NCCL is not
/// measured.
/// @collective over the world
/// @throws nccl::NcclError
void warm_up();

}  // namespace rankmesh::bench
