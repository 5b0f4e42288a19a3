#pragma once

#include <mpi.h>
#include <nccl.h>

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/group_broadcast.hpp"
#include "rankmesh/mpi/bring_up.hpp"
#include "rankmesh/mpi/communicators.hpp"

namespace rankmesh::nccl {

/// How many IDs a communicator is initialised with: one for each so many ranks, where NCCL takes several.
[[nodiscard]] int identifier_count(int size, int ranks_per_identifier) noexcept;

/// The IDs of the groups of this rank, as they become known.
class Identifiers {
 public:
  Identifiers() = default;
  Identifiers(const Identifiers&) = delete;
  Identifiers& operator=(const Identifiers&) = delete;
  virtual ~Identifiers() = default;

  /// Does what can be done without waiting.
  virtual void step() {}
  /// The IDs of a step; empty as long as they are not known.
  [[nodiscard]] virtual std::vector<ncclUniqueId> of(std::size_t step) const = 0;
  /// How many IDs this rank made for a step. Each must be used, or NCCL keeps what it holds for it.
  [[nodiscard]] virtual int made(std::size_t step) const = 0;
  /// Why this rank could not make an ID, if so.
  [[nodiscard]] virtual const std::optional<std::string>& failure() const = 0;
};

/// Those who make IDs hand them to the members of their groups, all kinds in one exchange of messages.
class ExchangedIdentifiers final : public Identifiers {
 public:
  /// Makes the IDs, and no more than are used.
  ExchangedIdentifiers(mpi::BringUp& bring_up, int ranks_per_identifier);

  void step() override { exchange_.step(); }
  [[nodiscard]] std::vector<ncclUniqueId> of(std::size_t step) const override;
  [[nodiscard]] int made(std::size_t step) const override { return made_[step]; }
  [[nodiscard]] const std::optional<std::string>& failure() const override { return failure_; }

 private:
  GroupBroadcast exchange_;
  std::vector<int> made_;
  std::optional<std::string> failure_{};
};

/// IDs that were broadcast.
class BroadcastIdentifiers final : public Identifiers {
 public:
  /// One broadcast in each group of this rank. A rank that can make no ID broadcasts that, so that nobody
  /// waits.
  /// @param groups communicators over the groups of the plan
  /// @collective over the ranks of the job
  BroadcastIdentifiers(mpi::BringUp& bring_up, const mpi::Communicators& groups, int ranks_per_identifier);
  /// One broadcast over the world: the IDs of the only step there is, step 0.
  /// @collective over the ranks of the job
  BroadcastIdentifiers(mpi::BringUp& bring_up, int ranks_per_identifier);

  [[nodiscard]] std::vector<ncclUniqueId> of(std::size_t step) const override { return known_[step]; }
  [[nodiscard]] int made(std::size_t step) const override { return made_[step]; }
  [[nodiscard]] const std::optional<std::string>& failure() const override { return failure_; }

 private:
  /// Broadcasts the IDs of one communicator.
  void broadcast(MPI_Comm members, std::size_t step, int ranks_per_identifier, const RankStep* for_step);

  std::vector<std::vector<ncclUniqueId>> known_;
  std::vector<int> made_;
  std::optional<std::string> failure_{};
};

}  // namespace rankmesh::nccl
