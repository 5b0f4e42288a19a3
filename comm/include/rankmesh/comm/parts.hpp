#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// Which of several layouts side by side a rank has.
struct PartOfRank {
  /// The number of the part.
  std::size_t index = 0;
  /// The rank of the job that is rank 0 of the part.
  int first_rank = 0;
  /// The number of ranks of the part.
  int size = 0;

  /// The ranks of the part in the job.
  [[nodiscard]] std::vector<int> ranks() const;

  bool operator==(const PartOfRank&) const = default;
};

/// One of several layouts side by side in a job, on the ranks that have it.
/// @tparam Communicators the communicators of an adapter
template <typename Communicators>
struct Part {
  /// The number of the part in the list.
  std::size_t index = 0;
  /// The rank of the job that is rank 0 of the part.
  int first_rank = 0;
  /// The communicators of the part. Its ranks are counted from 0.
  Communicators communicators;
};

/// Agrees on layouts that lie side by side in a job: part 0 on the first ranks, part 1 on the next ones, and
/// so on. The only agreement of its session.
/// @param fields other values that must be the same on all ranks
/// @return the part of this rank
/// @collective over the ranks of the transport
/// @throws DisagreementError, DeadlineError the same on every rank
/// @throws ConfigError the same on every rank, if all agree on parts that are invalid, or that have more or
///         fewer ranks than the job
[[nodiscard]] PartOfRank agree_on_parts(AgreementSession& session, std::span<const ParallelConfig> parts,
                                        const std::vector<AgreementField>& fields);

}  // namespace rankmesh
