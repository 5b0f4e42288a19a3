#pragma once

#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/host_identity.hpp"
#include "rankmesh/topology/best_placement.hpp"
#include "rankmesh/topology/cluster.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/placement.hpp"

/// @file
/// New numbers for the ranks of a job that runs, so that groups cross as few hosts as possible.

namespace RANKMESH_COMM_API rankmesh {

/// New numbers for the ranks of a job.
struct NewRanks {
  /// The cluster on which the job runs.
  Cluster cluster;
  /// On which slot each rank runs, by its new number.
  Placement placement = Placement::identity(1);
  /// By new number, the number before: 0, 1, 2, ... if nothing is gained.
  std::vector<int> rank_before{};
  /// The cost with the numbers before, see `placement_cost`.
  double cost_before = 0;
  /// The cost with the new numbers: that of `best_placement` on the cluster, or `cost_before` if that is not
  /// above it.
  double cost_after = 0;

  /// Whether a rank has another number than before.
  [[nodiscard]] bool is_changed() const noexcept;

  bool operator==(const NewRanks&) const = default;
};

/// The numbers with which the ranks of a job lie as in the best placement. A rank keeps its slot and takes
/// the number that the placement has there; slots are all taken, since each is that of a rank. All ranks keep
/// their numbers unless that costs more than the best placement. Takes the time of `best_placement`.
/// @param hosts with as many slots as the job has ranks
/// @param weights without kinds, those of `default_weights`
/// @throws ConfigError, RangeError as `best_placement`
[[nodiscard]] NewRanks place_ranks(const Topology& topology, const FoundHosts& hosts,
                                   const PlacementWeights& weights);

/// What the ranks must have in common to be placed.
struct PlaceAgreement {
  /// The layout. Its job has the ranks of the transport.
  ParallelConfig config{};
  /// What a placement costs. Without kinds: those of `default_weights`.
  PlacementWeights weights{};
  /// Other values that must be the same on all ranks.
  std::vector<AgreementField> fields{};
};

/// Tells every rank the hosts of all, and nothing else: a session with two agreements.
/// @param own the host of this rank
/// @collective over the ranks of the transport
/// @throws DisagreementError, DeadlineError, BringUpError, HostError the same on every rank
[[nodiscard]] FoundHosts agree_on_hosts(AgreementSession& session, const HostIdentity& own,
                                        const std::vector<AgreementField>& fields = {});

/// Places the ranks on the hosts on which they run. The ranks agree on the layout, the weights and the build
/// of rankmesh, exchange their hosts, compute the new numbers, each by itself, and compare these: a session
/// with three agreements. Each agreement takes two messages per rank, and `HostExchange` as many.
/// @param own the host of this rank
/// @collective over the ranks of the transport
/// @throws DisagreementError, DeadlineError, BringUpError, HostError the same on every rank
/// @throws ConfigError, RangeError the same on every rank, if all agree on an invalid layout, or on weights
///         of a kind or level that does not exist
[[nodiscard]] NewRanks agree_on_placement(AgreementSession& session, const PlaceAgreement& what,
                                          const HostIdentity& own);

}  // namespace rankmesh
