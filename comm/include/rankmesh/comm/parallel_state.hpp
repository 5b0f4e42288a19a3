#pragma once

#include <optional>

#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/topology/shard.hpp"
#include "rankmesh/topology/topology.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// The stateful interface of a Megatron-style `parallel_state` module, for one rank: the groups of the rank,
/// training and evaluation mode, overrides, the virtual pipeline rank. It is an object instead of globals, so
/// that a process may have several. It does not depend on communicators: groups are rank lists, and the
/// communicators of an adapter are looked up by kind.
///
/// Sizes and positions are those of the groups. The exceptions of the reference are kept; each is named
/// below. docs/migration.md has the table from each function of the reference to its counterpart here.
class ParallelState {
 public:
  /// Not initialised.
  ParallelState() = default;
  /// Initialised.
  /// @throws RangeError if the topology has no such rank
  ParallelState(Topology topology, int rank) { initialize(std::move(topology), rank); }

  /// Takes the groups of one rank and sets training mode. Overrides that were set before are kept.
  /// @throws StateError if the state is initialised already
  /// @throws RangeError if the topology has no such rank
  void initialize(Topology topology, int rank);
  /// Back to the state before initialisation: clears overrides and training mode too.
  void destroy() noexcept { *this = ParallelState(); }

  // --- What is initialised. All groups are initialised at once, so most of these functions return the same.

  /// Whether there is no state: before `initialize`, or after `destroy`.
  [[nodiscard]] bool is_uninitialized() const noexcept { return !here_; }
  /// Whether there is a state. All groups are initialised at once, so this and the next two functions return
  /// the same.
  [[nodiscard]] bool model_parallel_is_initialized() const noexcept { return here_.has_value(); }
  /// Whether there is a state.
  [[nodiscard]] bool sequence_parallel_is_initialized() const noexcept { return here_.has_value(); }
  /// Whether there is a state.
  [[nodiscard]] bool sequence_data_parallel_is_initialized() const noexcept { return here_.has_value(); }
  /// Whether there are amax groups, which only configurations with fp8 have.
  [[nodiscard]] bool amax_reduction_is_initialized() const noexcept;

  // --- Mode. In evaluation mode, without an override, the sequence parallel size is 1 and the rank in it 0.

  /// Whether it is training mode.
  [[nodiscard]] bool is_training_mode() const noexcept { return training_; }
  /// Begins training mode.
  void set_training_mode() noexcept { training_ = true; }
  /// Begins evaluation mode.
  void set_eval_mode() noexcept { training_ = false; }

  // --- Groups. Every function below throws StateError before initialisation unless it says otherwise.

  /// The layout.
  [[nodiscard]] const Topology& topology() const& { return here().topology; }
  const Topology& topology() const&& = delete;
  /// The rank in the world.
  [[nodiscard]] int rank() const { return here().rank; }
  /// The group of any kind that holds this rank.
  /// @throws RangeError if the topology has no such kind or no group of it holds this rank
  [[nodiscard]] RankList group(GroupKind kind) const& { return topology().group_of(kind, rank()); }
  RankList group(GroupKind kind) const&& = delete;

  /// The part of this rank if a length is divided equally among the members of its group of a kind: for
  /// example the columns of a weight for `tensor`, the tokens for `sequence`, the batch for `data`. Mode and
  /// overrides do not change it.
  /// @throws ConfigError if the length is not divisible; check before with `check_division`
  /// @throws RangeError if the topology has no such kind or no group of it holds this rank
  [[nodiscard]] IndexRange shard(GroupKind kind, std::int64_t length) const;

  /// The group of kind `model` that holds this rank.
  [[nodiscard]] RankList model_parallel_group() const& { return group(GroupKind::model); }
  RankList model_parallel_group() const&& = delete;
  /// The group of kind `tensor` that holds this rank.
  [[nodiscard]] RankList tensor_parallel_group() const& { return group(GroupKind::tensor); }
  RankList tensor_parallel_group() const&& = delete;
  /// The group of kind `pipeline` that holds this rank.
  [[nodiscard]] RankList pipeline_parallel_group() const& { return group(GroupKind::pipeline); }
  RankList pipeline_parallel_group() const&& = delete;
  /// The group of kind `sequence` that holds this rank.
  [[nodiscard]] RankList sequence_parallel_group() const& { return group(GroupKind::sequence); }
  RankList sequence_parallel_group() const&& = delete;
  /// The group of kind `sequence_data` that holds this rank.
  [[nodiscard]] RankList sequence_data_parallel_group() const& { return group(GroupKind::sequence_data); }
  RankList sequence_data_parallel_group() const&& = delete;
  /// The sequence_data group, as in the reference: data parallelism in the sense of gradient reduction
  /// includes the shards of a sequence. The group of kind `data` alone is `group(GroupKind::data)`.
  [[nodiscard]] RankList data_parallel_group() const& { return sequence_data_parallel_group(); }
  RankList data_parallel_group() const&& = delete;

  // --- Sizes and positions in the groups.

  /// The size of the model group. The reference has a placeholder here that returns None.
  [[nodiscard]] int model_parallel_world_size() const { return model_parallel_group().size(); }
  /// The position in the model group. The reference has a placeholder here that returns 0.
  [[nodiscard]] int model_parallel_rank() const { return position(GroupKind::model); }
  /// The size of the tensor group.
  [[nodiscard]] int tensor_parallel_world_size() const { return tensor_parallel_group().size(); }
  /// The position in the tensor group.
  [[nodiscard]] int tensor_parallel_rank() const { return position(GroupKind::tensor); }
  /// The size of the pipeline group: the number of stages.
  [[nodiscard]] int pipeline_parallel_world_size() const { return pipeline_parallel_group().size(); }
  /// The position in the pipeline group: the stage.
  [[nodiscard]] int pipeline_parallel_rank() const { return position(GroupKind::pipeline); }

  /// The override if there is one; else the size of the sequence group in training mode, 1 in evaluation
  /// mode. 1 before initialisation, without an error.
  [[nodiscard]] int sequence_parallel_world_size() const;
  /// The override if there is one; else the position in the sequence group in training mode, 0 in evaluation
  /// mode. 0 before initialisation, without an error.
  [[nodiscard]] int sequence_parallel_rank() const;
  /// The override if there is one, which needs no initialisation; else the size of the sequence_data group.
  [[nodiscard]] int sequence_data_parallel_world_size() const;
  /// The override if there is one, which needs no initialisation; else the position in the sequence_data
  /// group.
  [[nodiscard]] int sequence_data_parallel_rank() const;
  /// The same as `sequence_data_parallel_world_size`, as in the reference.
  [[nodiscard]] int data_parallel_world_size() const { return sequence_data_parallel_world_size(); }
  /// The same as `sequence_data_parallel_rank`.
  [[nodiscard]] int data_parallel_rank() const { return sequence_data_parallel_rank(); }

  // --- Overrides: a value that is set replaces that of the groups and the mode until std::nullopt unsets it.

  /// Overrides `sequence_parallel_world_size`.
  void set_sequence_parallel_world_size(std::optional<int> size) noexcept { overrides_.sequence_size = size; }
  /// Overrides `sequence_parallel_rank`.
  void set_sequence_parallel_rank(std::optional<int> rank) noexcept { overrides_.sequence_rank = rank; }
  /// Overrides `sequence_data_parallel_world_size`, and `data_parallel_world_size` with it.
  void set_sequence_data_parallel_world_size(std::optional<int> size) noexcept {
    overrides_.sequence_data_size = size;
  }
  /// Overrides `sequence_data_parallel_rank`, and `data_parallel_rank` with it.
  void set_sequence_data_parallel_rank(std::optional<int> rank) noexcept {
    overrides_.sequence_data_rank = rank;
  }

  // --- Source ranks: the roots of broadcasts in the groups.

  /// (rank / s) * s with s = `sequence_parallel_world_size()`: in training mode without an override the first
  /// rank of the sequence group, in evaluation mode the rank itself.
  /// @throws StateError also if an override made s less than 1
  [[nodiscard]] int sequence_parallel_src_rank() const;
  /// The first rank of the tensor group.
  [[nodiscard]] int tensor_parallel_src_rank() const { return tensor_parallel_group().front(); }
  /// The first rank of the data parallel group, which is the sequence_data group.
  [[nodiscard]] int data_parallel_src_rank() const { return data_parallel_group().front(); }
  /// The first rank of the model group.
  [[nodiscard]] int model_parallel_src_rank() const { return model_parallel_group().front(); }

  // --- Rank lists of the groups of this rank or of its pipeline group.

  /// The group of kind `data` alone, as in the reference.
  [[nodiscard]] RankList data_parallel_global_ranks() const& { return group(GroupKind::data); }
  RankList data_parallel_global_ranks() const&& = delete;
  /// The pipeline group, first stage first.
  [[nodiscard]] RankList pipeline_global_ranks() const& { return pipeline_parallel_group(); }
  RankList pipeline_global_ranks() const&& = delete;
  /// The embedding ranks of this rank's pipeline group; also for a rank that is not among them.
  [[nodiscard]] RankList embedding_global_ranks() const& { return of_own_pipeline(GroupKind::embedding); }
  RankList embedding_global_ranks() const&& = delete;
  /// The position embedding ranks of this rank's pipeline group; also for a rank that is not among them.
  [[nodiscard]] RankList position_embedding_global_ranks() const& {
    return of_own_pipeline(GroupKind::position_embedding);
  }
  RankList position_embedding_global_ranks() const&& = delete;

  // --- The pipeline.

  /// The number of virtual stages; nothing without virtual stages.
  [[nodiscard]] std::optional<int> virtual_pipeline_world_size() const;
  /// The virtual stage this rank works on; 0 after initialisation with virtual stages, nothing without.
  [[nodiscard]] std::optional<int> virtual_pipeline_rank() const;
  /// @throws RangeError if there is no such virtual stage
  void set_virtual_pipeline_rank(int virtual_rank);
  /// The split stage of the configuration; nothing without one.
  [[nodiscard]] std::optional<std::int64_t> pipeline_split_rank() const {
    return topology().pipeline().split_stage();
  }

  /// Whether the virtual stage that this rank works on matters.
  enum class VirtualStages { considered, ignored };

  /// Whether this rank holds the first stage and, unless ignored, works on its first virtual stage.
  [[nodiscard]] bool is_pipeline_first_stage(VirtualStages mode = VirtualStages::considered) const;
  /// Whether this rank holds the last stage and, unless ignored, works on its last virtual stage.
  [[nodiscard]] bool is_pipeline_last_stage(VirtualStages mode = VirtualStages::considered) const;
  /// The rank of the first stage.
  [[nodiscard]] int pipeline_first_rank() const { return pipeline_parallel_group().front(); }
  /// The rank of the last stage.
  [[nodiscard]] int pipeline_last_rank() const { return pipeline_parallel_group().back(); }
  /// The rank of the next stage; after the last comes the first.
  [[nodiscard]] int pipeline_next_rank() const { return topology().pipeline().next_rank(rank()); }
  /// The rank of the previous stage; before the first comes the last.
  [[nodiscard]] int pipeline_prev_rank() const { return topology().pipeline().previous_rank(rank()); }
  /// The layers of this rank on the virtual stage it works on, in a model with so many layers.
  /// @throws ConfigError if the layers cannot be divided equally among the stages
  [[nodiscard]] LayerRange pipeline_layers(std::int64_t layers) const;
  /// See `Pipeline::is_before_split`.
  [[nodiscard]] bool is_pipeline_stage_before_split() const;
  /// See `Pipeline::is_after_split`.
  [[nodiscard]] bool is_pipeline_stage_after_split() const;
  /// See `Pipeline::is_at_split`.
  [[nodiscard]] bool is_pipeline_stage_at_split() const;

  /// Whether this rank holds the embedding. Unless virtual stages are ignored, the first and last stage hold
  /// it only while they work on the first and last virtual stage.
  [[nodiscard]] bool is_rank_in_embedding_group(VirtualStages mode = VirtualStages::ignored) const;
  /// Whether this rank holds the position embedding.
  [[nodiscard]] bool is_rank_in_position_embedding_group() const;

 private:
  struct Here {
    Topology topology;
    int rank;
    std::optional<int> virtual_rank;
  };
  struct Overrides {
    std::optional<int> sequence_size;
    std::optional<int> sequence_rank;
    std::optional<int> sequence_data_size;
    std::optional<int> sequence_data_rank;
  };

  [[nodiscard]] const Here& here() const;
  [[nodiscard]] int position(GroupKind kind) const;
  [[nodiscard]] RankList of_own_pipeline(GroupKind kind) const;
  [[nodiscard]] std::optional<int> virtual_stage(VirtualStages mode) const;

  std::optional<Here> here_;
  Overrides overrides_;
  bool training_ = false;
};

}  // namespace rankmesh
