#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster_options.hpp"
#include "command.hpp"
#include "loss_options.hpp"
#include "rankmesh/planner/model.hpp"
#include "rankmesh/planner/state_classes.hpp"
#include "rankmesh/topology/reshard.hpp"
#include "state_arguments.hpp"

namespace rankmesh::cli {

/// A change of layout as a command line describes it.
struct ReshardJob {
  StateLayout from;
  StateLayout to;
  std::vector<StateClass> classes{};
  ReshardOptions options{};
  /// What a user should know.
  std::vector<std::string> warnings{};
};

/// The arguments and options of a command about a change of layout.
class ReshardArguments {
 public:
  explicit ReshardArguments(Command& command);

  /// @return nothing if there is a problem
  [[nodiscard]] std::optional<ReshardJob> read(Problems& problems) const;

 private:
  [[nodiscard]] planner::ModelConfig read_model(std::vector<std::string>& warnings, Problems& problems) const;
  [[nodiscard]] planner::ModelConfig read_sizes(Problems& problems) const;
  [[nodiscard]] static std::optional<ParallelConfig> read_config(const Option& argument,
                                                                 std::optional<std::int64_t> world_size,
                                                                 Problems& problems);
  [[nodiscard]] static std::optional<StateLayout> divide_layers(const ParallelConfig& config,
                                                                const std::string& argument,
                                                                const Option& pipeline_layout,
                                                                const planner::ModelConfig& model,
                                                                Problems& problems);
  /// @param ranks of FROM; without them, only the cluster is checked
  /// @param processes those that join too
  [[nodiscard]] std::optional<PlacedRanks> read_places(std::optional<int> ranks, int processes,
                                                       Problems& problems) const;
  /// Gives the processes that join the slots of spares.
  [[nodiscard]] std::optional<ProcessPlaces> place_joining(const PlacedRanks& where, int ranks, int processes,
                                                           Problems& problems) const;
  /// @return what the file says about the optimizer, if anything
  std::optional<bool> read_processes(int old_world, int new_world, ReshardOptions& options,
                                     Problems& problems) const;

  const Option& from_;
  const Option& to_;
  const Option& world_size_;
  const Option& model_;
  const Option& layers_;
  const Option& hidden_;
  const Option& heads_;
  const Option& kv_heads_;
  const Option& ffn_;
  const Option& vocabulary_;
  const Option& experts_;
  const Option& expert_ffn_;
  StateArguments state_;
  const Option& weight_bytes_;
  const Option& optimizer_bytes_;
  const Option& vocabulary_multiple_;
  const Option& from_stages_;
  const Option& to_stages_;
  LossOptions loss_;
  const Option& survivors_;
  const Option& cluster_;
  const Option& placement_;
  const Option& gpus_per_node_;
};

}  // namespace rankmesh::cli
