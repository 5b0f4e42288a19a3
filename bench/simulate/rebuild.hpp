#pragma once

#include <cstdint>
#include <vector>

#include "calls.hpp"
#include "polling.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::simulate {

/// What a rebuild costs.
struct RebuildResult {
  /// When the last process was done.
  double seconds = 0;
  /// What each process sent and received, by its number: messages of the library, and those of calls of MPI.
  std::vector<Counts> protocol{};
  std::vector<Counts> calls{};
  /// How many agreements there are.
  std::int64_t agreements = 0;
  std::int64_t events = 0;
};

/// So many processes of a job, at equal distances.
[[nodiscard]] std::vector<int> spread(int ranks, int lost);

/// Who knows before a rebuild which processes are lost.
enum class Known { to_all, to_nobody };

/// Simulates the rebuild of a job after the loss of some processes, with a spare for each of them:
/// `JobControl::rebuild` with MPI communicators. The three parts follow one after another: a meeting of all
/// processes, the bring-up of the new layout, in which groups that lost nobody keep their communicators, and
/// the meeting at the end. Left out: the proof of the communicators.
/// @param lost ranks of the topology, ascending; processes behind its ranks are the spares
[[nodiscard]] RebuildResult run_rebuild(const Topology& topology, const std::vector<int>& lost, Known known,
                                        const Costs& costs, Polling polling = Polling::busy);

}  // namespace rankmesh::simulate
