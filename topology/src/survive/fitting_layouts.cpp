#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "config/divisors.hpp"
#include "config/rules.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/survivors.hpp"
#include "survive/replicas.hpp"

namespace rankmesh {
namespace {

constexpr std::int64_t most_multiple = 8;

/// The size itself, and if it may change, its divisors and its multiples by 2, 4 and 8.
std::vector<std::int64_t> choices(std::int64_t size, bool may_change) {
  if (!may_change) return {size};
  std::vector<std::int64_t> result = divisors_of(size);
  for (std::int64_t factor = 2; factor <= most_multiple; factor *= 2) result.push_back(size * factor);
  return result;
}

/// The least number of ranks that the sizes need; every world is a multiple of it. Nothing if it exceeds
/// `processes`.
std::optional<std::int64_t> least_world(const ParallelConfig& config, std::int64_t processes) {
  const auto product = [&](std::initializer_list<std::int64_t> sizes) -> std::optional<std::int64_t> {
    std::int64_t result = 1;
    for (const std::int64_t size : sizes) {
      if (size > processes / result) return std::nullopt;
      result *= size;
    }
    return result;
  };
  const auto dense =
      product({config.tensor, config.weight_remat, config.context, config.sequence, config.pipeline});
  if (config.convention != Convention::megatron_core) return dense;
  const auto experts = product({config.expert_tensor.value_or(config.tensor), config.expert,
                                config.expert_weight_remat, config.pipeline});
  if (!dense || !experts) return std::nullopt;
  const std::int64_t world = *dense / std::gcd(*dense, *experts) * *experts;
  return world <= processes ? std::optional(world) : std::nullopt;
}

/// The largest valid layout of some sizes. A rule such as an even number of ranks in a group can refuse some
/// numbers of ranks, but not many in a row.
std::optional<ParallelConfig> largest(ParallelConfig config, std::int64_t processes) {
  const auto least = least_world(config, processes);
  if (!least) return std::nullopt;
  constexpr int most_tries = 64;
  std::int64_t world = processes / *least * *least;
  for (int i = 0; i < most_tries && world > 0; ++i, world -= *least) {
    config.world_size = world;
    if (broken_rules(config, {}).empty()) return config;
  }
  return std::nullopt;
}

/// How far sizes are from the present ones, in factors of two.
double distance(const ParallelConfig& a, const ParallelConfig& b) {
  const auto factor = [](std::int64_t x, std::int64_t y) {
    return std::abs(std::log2(static_cast<double>(x) / static_cast<double>(y)));
  };
  return factor(a.tensor, b.tensor) + factor(a.pipeline, b.pipeline);
}

std::vector<FittingLayout> of_changed_sizes(const ParallelConfig& old, int processes,
                                            AllowedChanges changes) {
  std::vector<FittingLayout> result;
  for (const std::int64_t tensor : choices(old.tensor, changes.tensor)) {
    for (const std::int64_t pipeline : choices(old.pipeline, changes.pipeline)) {
      ParallelConfig config = old;
      config.tensor = tensor;
      config.pipeline = pipeline;
      config.job_size.reset();
      if (const auto found = largest(config, processes))
        result.push_back({*found, processes - static_cast<int>(found->world_size)});
    }
  }
  return result;
}

}  // namespace

std::vector<FittingLayout> fitting_layouts(const Topology& topology, int processes, AllowedChanges changes,
                                           const SurvivorOptions& options) {
  const Replicas replicas(topology, options.data_axes);
  const ParallelConfig& old = topology.config();
  const bool has_own_meshes = old.convention == Convention::mesh || !old.meshes.empty();
  if ((changes.tensor || changes.pipeline) && has_own_meshes) {
    throw ConfigError(
        {{.field = "meshes",
          .value = std::to_string(old.meshes.size()),
          .rule = "is the number of meshes of one's own, whose axes have no meaning that is known "
                  "here; change their sizes by hand"}});
  }
  std::vector<FittingLayout> result;
  if (changes.tensor || changes.pipeline) {
    result = of_changed_sizes(old, processes, changes);
  } else if (const int count = replicas.most_valid(processes / replicas.size()); count > 0) {
    result.push_back({replicas.config_of(count).value(), processes - count * replicas.size()});
  }
  std::stable_sort(result.begin(), result.end(), [&](const FittingLayout& a, const FittingLayout& b) {
    return std::pair(a.idle, distance(a.config, old)) < std::pair(b.idle, distance(b.config, old));
  });
  return result;
}

}  // namespace rankmesh
