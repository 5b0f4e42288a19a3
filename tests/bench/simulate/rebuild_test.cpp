#include "simulate/rebuild.hpp"

#include <algorithm>

#include "rankmesh/comm/job_control.hpp"
#include "rankmesh/topology/topology.hpp"
#include "simulate/settings.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::simulate;

namespace {

RebuildResult rebuild(int ranks, int lost, Known known) {
  const Topology topology(ParallelConfig{.world_size = ranks, .tensor = 8});
  return run_rebuild(topology, spread(ranks, lost), known, default_costs());
}

std::int64_t most_messages(const RebuildResult& result) {
  std::int64_t most = 0;
  for (const Counts& counts : result.protocol) most = std::max(most, counts.messages());
  return most;
}

}  // namespace

TEST_CASE("a rebuild costs nobody a message for every process, whoever knows which are lost") {
  for (const Known known : {Known::to_all, Known::to_nobody}) {
    for (const int lost : {1, 8}) {
      CAPTURE(static_cast<int>(known), lost);
      // Eight times as many processes: one more level of the tree, with seven children.
      const std::int64_t in_small = most_messages(rebuild(512, lost, known));
      const std::int64_t in_large = most_messages(rebuild(4096, lost, known));
      CHECK(in_large > in_small);
      CHECK(in_large < in_small + 200);
    }
  }
}

TEST_CASE("lost processes that nobody knows cost the deadline, and not much more than it") {
  const double known = rebuild(512, 1, Known::to_all).seconds;
  const double unknown = rebuild(512, 1, Known::to_nobody).seconds;
  const double deadline = std::chrono::duration<double>(default_rebuild_timeouts.deadline).count();
  const double grace = std::chrono::duration<double>(default_rebuild_timeouts.grace).count();
  CHECK(known < grace / 100);
  CHECK(unknown > deadline);
  CHECK(unknown < deadline + grace);
}
