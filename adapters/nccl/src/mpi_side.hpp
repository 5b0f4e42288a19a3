#pragma once

#include <mpi.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/comm/bootstrap.hpp"
#include "rankmesh/mpi/bring_up.hpp"
#include "rankmesh/mpi/communicator.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/nccl/host_side.hpp"

namespace rankmesh::nccl {

/// The key of a host in a fixed size. Those of `this_host()` fit; longer ones that begin alike are equal with
/// a probability of 2^-64.
struct HostMark {
  HostMark() = default;
  explicit HostMark(const std::string& key);

  bool operator==(const HostMark&) const = default;

  std::array<char, 120> beginning{};
  std::uint64_t hash = 0xcbf29ce484222325;
};

/// The bootstrap over MPI.
class MpiBootstrap final : public Bootstrap {
 public:
  /// @param members the ranks of `communicator` that take part; empty for all
  MpiBootstrap(MPI_Comm communicator, std::vector<int> members)
      : communicator_(communicator),
        members_(std::move(members)) {}

  [[nodiscard]] std::unique_ptr<rankmesh::BringUp> begin(
      const ParallelConfig& config, const BringUpOptions& options,
      const std::optional<NcclScheduleOptions>& nccl) override;
  [[nodiscard]] std::string_view gather_call() const noexcept override {
    return "MPI_Comm_split or MPI_Allgather";
  }
  [[nodiscard]] std::optional<std::string> gather_on_node(const std::function<Bytes(int local_rank)>& own,
                                                          std::vector<Bytes>& all) override;
  [[nodiscard]] std::string_view broadcast_call() const noexcept override { return "MPI_Bcast"; }
  [[nodiscard]] std::optional<std::string> broadcast(std::span<std::byte> bytes, int root) override;

 private:
  /// A communicator over exactly the ranks that take part.
  [[nodiscard]] MPI_Comm over_all() const {
    return over_members_.is_empty() ? communicator_ : over_members_.native();
  }

  MPI_Comm communicator_;
  std::vector<int> members_;
  HostMark mark_{};
  /// Those of the bring-up under way, which refers to them.
  BringUpOptions options_{};
  /// The bring-up under way.
  mpi::BringUp* current_ = nullptr;
  /// Made with the first call that needs it, if members are given.
  mpi::Communicator over_members_{};
};

/// One `MPI_Comm` for every group.
class MpiSide final : public HostSide {
 public:
  void prepare(rankmesh::BringUp& bring_up) override;
  void carry_out(const BringUpStep& step) override;
  void complete() override;
  [[nodiscard]] std::optional<std::string> broadcast(GroupKind kind, std::span<std::byte> bytes,
                                                     int root) override;
  void close() noexcept override;
  [[nodiscard]] const mpi::Communicators* communicators() const noexcept override {
    return made_ ? &*made_ : nullptr;
  }
  [[nodiscard]] const std::optional<mpi::Communicators>& made() const noexcept { return made_; }
  [[nodiscard]] std::optional<mpi::Communicators>& made() noexcept { return made_; }

 private:
  std::optional<mpi::Communicators::Builder> builder_{};
  std::optional<mpi::Communicators> made_{};
};

}  // namespace rankmesh::nccl
