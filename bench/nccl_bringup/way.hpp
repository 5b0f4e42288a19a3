#pragma once

#include <nccl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh::bench {

/// One way to make the communicators of a layout: a strategy of the library, or what programs do without it.
class Way {
 public:
  /// What tells ways apart.
  struct Name {
    /// `unique_id`, `mpi_split`, `nccl_split`, `naive_broadcast`, `naive_split`.
    std::string way{};
    /// Whether NCCL's calls block until they are done.
    bool blocking = true;
    /// Whether groups of one get a communicator too.
    bool makes_singletons = false;
  };

  explicit Way(Name name) : name_(std::move(name)) {}
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;
  virtual ~Way() = default;

  [[nodiscard]] const Name& name() const noexcept { return name_; }

  /// @collective over the world, like `close`
  /// @throws Error
  virtual void make(const Topology& topology) = 0;
  /// The communicator of this rank; nothing where it has none.
  [[nodiscard]] virtual std::optional<ncclComm_t> at(GroupKind kind) const = 0;
  /// How many communicators this rank holds, those that only serve to make others included.
  [[nodiscard]] virtual int communicator_count() const = 0;
  virtual void close() = 0;

 private:
  Name name_;
};

/// What all ways are told.
struct WaySettings {
  int device = 0;
  /// Whether ranks share GPUs.
  bool shares_device = false;
  std::chrono::seconds deadline = std::chrono::minutes(2);
};

/// Every strategy of the library, non-blocking and blocking; then the naive ways:
///
/// - `naive_broadcast`: for each kind in turn, the leader of each group broadcasts its ID over the world, and
/// every
///   rank initialises the communicator of its group, blocking;
/// - `naive_split`: for each kind in turn, MPI_Comm_split makes the groups, and the IDs are broadcast in
/// those.
///
/// Neither shares a communicator between kinds, and groups of one get one as well.
[[nodiscard]] std::vector<std::unique_ptr<Way>> all_ways(const WaySettings& settings);

/// Makes, uses and destroys one communicator over the world, so that what NCCL does once in a process is
/// done.
/// @collective over the world
/// @throws nccl::NcclError
void warm_up();

}  // namespace rankmesh::bench
