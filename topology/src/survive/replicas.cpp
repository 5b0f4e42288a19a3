#include "survive/replicas.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "config/rules.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh {
namespace {

/// The first of the axes that a mesh has; empty if it has none.
std::string data_axis_of(const Mesh& mesh, std::span<const std::string> data_axes) {
  const auto is_there = [&](const std::string& axis) { return mesh.find(axis).has_value(); };
  const auto found = std::find_if(data_axes.begin(), data_axes.end(), is_there);
  return found == data_axes.end() ? "" : *found;
}

/// The ranks of each coordinate along an axis, numbered by it; one group for a mesh without the axis.
GroupFamily coordinates_of(const Mesh& mesh, const std::string& axis) {
  std::vector<std::string_view> others;
  for (const Axis& other : mesh.axes()) {
    if (other.name != axis) others.push_back(other.name);
  }
  return mesh.family(others);
}

/// Sets that are merged step by step.
class Sets {
 public:
  explicit Sets(int count) : parent_(static_cast<std::size_t>(count)) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  /// The smallest member of the set.
  [[nodiscard]] int find(int member) {
    while (parent_[index(member)] != member) {
      parent_[index(member)] = parent_[index(parent_[index(member)])];
      member = parent_[index(member)];
    }
    return member;
  }
  void merge(int a, int b) {
    const auto [least, most] = std::minmax({find(a), find(b)});
    parent_[index(most)] = least;
  }

 private:
  static std::size_t index(int member) { return static_cast<std::size_t>(member); }
  std::vector<int> parent_;
};

}  // namespace

Replicas::Replicas(const Topology& topology, std::span<const std::string> data_axes)
    : config_(topology.config()),
      world_size_(topology.layout_size()) {
  if (topology.world_size() != world_size_) {
    throw ConfigError({{.field = "world_size",
                        .value = std::to_string(world_size_),
                        .rule = "is only a part of " + Phrase::field("job_size", topology.world_size()) +
                                "; take each layout of the job by itself, with ranks from 0"}});
  }
  config_.job_size.reset();
  const std::vector<std::string> of_convention{"dp", "edp"};
  const bool is_own = config_.convention == Convention::mesh;
  // Amax blocks are no mesh of state.
  const std::size_t meshes = is_own ? 0 : config_.convention == Convention::megatron_core ? 2 : 1;
  const std::size_t first_own = topology.meshes().size() - config_.meshes.size();
  std::vector<GroupFamily> families;
  for (std::size_t mesh = 0; mesh < topology.meshes().size(); ++mesh) {
    const bool is_own_mesh = mesh >= first_own;
    if (!is_own_mesh && mesh >= meshes) continue;
    const Mesh& axes = topology.meshes()[mesh];
    const std::string axis = data_axis_of(axes, is_own_mesh ? data_axes : std::span(of_convention));
    if (is_own_mesh) data_axis_of_own_mesh_.push_back(axis);
    families.push_back(coordinates_of(axes, axis));
  }
  coordinates_ = families.front();
  Sets sets(coordinates_.group_count());
  std::vector<int> first;
  for (std::size_t other = 1; other < families.size(); ++other) {
    if (families[other].same_groups(coordinates_)) continue;
    first.assign(static_cast<std::size_t>(families[other].group_count()), -1);
    for (int rank = 0; rank < world_size_; ++rank) {
      const int data = coordinates_.locate(rank)->group;
      int& merged = first[static_cast<std::size_t>(families[other].locate(rank)->group)];
      if (merged < 0) merged = data;
      sets.merge(merged, data);
    }
  }
  std::vector<int> roots(static_cast<std::size_t>(coordinates_.group_count()));
  for (std::size_t data = 0; data < roots.size(); ++data) roots[data] = sets.find(static_cast<int>(data));
  number_replicas(roots);
}

void Replicas::number_replicas(const std::vector<int>& root_of_data) {
  replica_of_data_.resize(root_of_data.size());
  std::vector<int> sizes;
  for (std::size_t data = 0; data < root_of_data.size(); ++data) {
    const auto root = static_cast<std::size_t>(root_of_data[data]);
    if (root == data) {
      replica_of_data_[data] = static_cast<int>(sizes.size());
      sizes.push_back(0);
    } else {
      replica_of_data_[data] = replica_of_data_[root];
    }
    ++sizes[static_cast<std::size_t>(replica_of_data_[data])];
  }
  count_ = static_cast<int>(sizes.size());
  if (std::count(sizes.begin(), sizes.end(), sizes.front()) == count_) return;
  throw ConfigError({{.field = "world_size",
                      .value = std::to_string(world_size_),
                      .rule = "is divided into replicas of different sizes by the data axes of its meshes"}});
}

std::optional<ParallelConfig> Replicas::config_of(int replicas) const {
  if (replicas == count_) return config_;
  ParallelConfig config = config_;
  config.world_size = std::int64_t{replicas} * size();
  for (std::size_t mesh = 0; mesh < config.meshes.size(); ++mesh) {
    for (Axis& axis : config.meshes[mesh]) {
      if (axis.name == data_axis_of_own_mesh_[mesh]) axis.size = axis.size / count_ * replicas;
    }
  }
  if (!broken_rules(config, {}).empty()) return std::nullopt;
  return config;
}

int Replicas::most_valid(int replicas) const {
  while (replicas > 0 && !config_of(replicas)) --replicas;
  return std::max(replicas, 0);
}

std::string Replicas::why_single() const {
  if (coordinates_.group_count() == 1) return "the layout has one data parallel rank";
  return "the other meshes of the layout join all data parallel ranks";
}

}  // namespace rankmesh
