#pragma once

#include <cstdint>
#include <optional>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_family.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Consecutive layers, numbered from 1 as in the reference: first, first + 1, ..., first + count - 1.
struct LayerRange {
  /// The first of them, from 1.
  std::int64_t first = 1;
  /// How many there are; none where it is 0.
  std::int64_t count = 0;

  bool operator==(const LayerRange&) const = default;
};

/// Which layers does one model chunk hold?
struct LayerQuery {
  /// Layers of the whole model.
  std::int64_t layers = 0;
  /// The stage, from 0.
  int stage = 0;
  /// The virtual stage (model chunk) of the stage; 0 where there are none.
  int virtual_stage = 0;
};

/// What a pipeline has besides its stages.
struct PipelineOptions {
  /// Virtual stages (model chunks) of every stage.
  std::optional<int> virtual_stages{};
  /// The first decoder stage.
  std::optional<std::int64_t> split_stage{};
};

/// The stages of a pipelined model: who is first, who is next, what lies before and after the split, which
/// layers are where. A stage is a rank's position in its pipeline group. Every question is O(1) and allocates
/// nothing; all functions that take a rank throw RangeError for a rank outside the world, those that take a
/// virtual stage for one that does not exist.
class Pipeline {
 public:
  /// @param pipeline_groups one for each pipeline, first stage first
  /// @param options what is said of the stages besides
  Pipeline(GroupFamily pipeline_groups, PipelineOptions options);

  /// The pipeline groups.
  [[nodiscard]] const GroupFamily& groups() const noexcept { return groups_; }
  /// Stages, the pipeline parallel size.
  [[nodiscard]] int stages() const noexcept { return groups_.group_size(); }
  /// Model chunks of each stage; nothing without the interleaved schedule.
  [[nodiscard]] std::optional<int> virtual_stages() const noexcept { return options_.virtual_stages; }
  /// The first decoder stage; kept even where there is one stage only and it has no effect.
  [[nodiscard]] std::optional<std::int64_t> split_stage() const noexcept { return options_.split_stage; }

  /// The stage of a rank, from 0.
  /// @throws RangeError if no pipeline holds the rank
  [[nodiscard]] int stage_of(int rank) const;
  /// The rank of the next stage in the pipeline group of `rank`; after the last comes the first.
  [[nodiscard]] int next_rank(int rank) const;
  /// The rank of the previous stage in the pipeline group of `rank`; before the first comes the last.
  [[nodiscard]] int previous_rank(int rank) const;

  /// Whether `rank` holds the first stage; with a virtual stage, whether it holds the first chunk of the
  /// model.
  [[nodiscard]] bool is_first_stage(int rank, std::optional<int> virtual_stage = std::nullopt) const;
  /// Whether `rank` holds the last stage; with a virtual stage, whether it holds the last chunk of the model.
  [[nodiscard]] bool is_last_stage(int rank, std::optional<int> virtual_stage = std::nullopt) const;

  /// Whether a stage is in the encoder: stage < split. True where there is one stage or no split.
  [[nodiscard]] bool is_before_split(std::int64_t stage) const noexcept;
  /// Whether a stage is in the decoder: stage >= split. True where there is one stage or no split.
  [[nodiscard]] bool is_after_split(std::int64_t stage) const noexcept;
  /// Whether a stage is the last of the encoder: it is before the split and the next one after it.
  [[nodiscard]] bool is_at_split(std::int64_t stage) const noexcept {
    return is_before_split(stage) && is_after_split(stage + 1);
  }

  /// The layers of a model chunk. With V virtual stages on each of p stages, chunk v * p + stage holds the
  /// layers that follow those of the chunk before: 16 layers on 4 stages of 2 virtual ones put layers 1, 2
  /// and 9, 10 on stage 0.
  /// @throws ConfigError if p * V does not divide the layers
  /// @throws RangeError if the stage or virtual stage does not exist
  [[nodiscard]] LayerRange layers(const LayerQuery& query) const;

 private:
  [[nodiscard]] Place locate(int rank) const;
  void require_virtual_stage(int virtual_stage) const;
  [[nodiscard]] bool is_split() const noexcept { return stages() > 1 && options_.split_stage.has_value(); }

  GroupFamily groups_;
  PipelineOptions options_;
};

}  // namespace rankmesh
