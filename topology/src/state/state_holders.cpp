#include "rankmesh/topology/state_holders.hpp"

#include "rankmesh/topology/error.hpp"
#include "state/state_axes.hpp"

namespace rankmesh {
namespace {

/// With a distributed optimizer, each rank has a part of its own, repeated in each optimizer instance. The
/// instances are pieces of consecutive members.
GroupFamily optimizer_of(const GroupFamily& weights, int instances) {
  const int parts = weights.group_size() / instances;
  const Digit inside[] = {{instances, parts}};
  const Digit outside[] = {{parts, 1}};
  return weights.split(Grouping(inside, outside));
}

}  // namespace

StateHolders state_holders(const Topology& topology, const StateOptions& options) {
  Diagnostics found;
  StateHolders holders{.dense = StateAxes(topology, false, options, found).copies()};
  if (StateAxes::has_experts(topology)) holders.expert = StateAxes(topology, true, options, found).copies();
  if (!found.empty()) throw ConfigError(found.take());
  if (holders.expert && holders.expert->same_groups(holders.dense)) holders.expert.reset();
  const auto instances = static_cast<int>(topology.config().optimizer_instances);
  holders.distributed_optimizer =
      options.distributed_optimizer.value_or(topology.config().distributed_optimizer || instances > 1);
  const auto optimizer = [&](const GroupFamily& weights) {
    return holders.distributed_optimizer ? optimizer_of(weights, instances) : weights;
  };
  holders.dense_optimizer = optimizer(holders.dense);
  if (holders.expert) holders.expert_optimizer = optimizer(*holders.expert);
  return holders;
}

}  // namespace rankmesh
