#pragma once

#include <cstdint>
#include <optional>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_family.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Consecutive layers, numbered from 1 as in the reference: first, first + 1, ..., first + count - 1.
struct LayerRange {
  /// The first layer, from 1.
  std::int64_t first = 1;
  /// The number of layers; the range is empty if it is 0.
  std::int64_t count = 0;

  bool operator==(const LayerRange&) const = default;
};

/// The model chunk whose layers are asked for.
struct LayerQuery {
  /// The number of layers of the whole model.
  std::int64_t layers = 0;
  /// The stage, from 0.
  int stage = 0;
  /// The virtual stage (model chunk) of the stage; 0 if stages have one chunk each.
  int virtual_stage = 0;
};

/// The options of a pipeline.
struct PipelineOptions {
  /// The number of virtual stages (model chunks) of every stage.
  std::optional<int> virtual_stages{};
  /// The first decoder stage.
  std::optional<std::int64_t> split_stage{};
};

/// The stages of a pipelined model: the first and last stage, the neighbours of a stage, the split between
/// encoder and decoder, and the layers of each stage. A stage is a rank's position in its pipeline group.
///
/// Every question is O(1) and allocates nothing. Functions throw RangeError for a rank that no pipeline
/// holds, and for a virtual stage that does not exist.
class Pipeline {
 public:
  /// @param pipeline_groups one group for each pipeline, first stage first
  /// @param options virtual stages and the split
  Pipeline(GroupFamily pipeline_groups, PipelineOptions options);

  /// The pipeline groups.
  [[nodiscard]] const GroupFamily& groups() const& noexcept { return groups_; }
  const GroupFamily& groups() const&& = delete;
  /// The number of stages, which is the pipeline parallel size.
  [[nodiscard]] int stages() const noexcept { return groups_.group_size(); }
  /// The number of model chunks of each stage; nothing without the interleaved schedule.
  [[nodiscard]] std::optional<int> virtual_stages() const noexcept { return options_.virtual_stages; }
  /// The first decoder stage. Kept, without effect, if there is only one stage.
  [[nodiscard]] std::optional<std::int64_t> split_stage() const noexcept { return options_.split_stage; }

  /// The stage of a rank, from 0.
  /// @throws RangeError if no pipeline holds the rank
  [[nodiscard]] int stage_of(int rank) const;
  /// The rank of the next stage in the pipeline group of `rank`; the first stage follows the last.
  [[nodiscard]] int next_rank(int rank) const;
  /// The rank of the previous stage in the pipeline group of `rank`; the last stage precedes the first.
  [[nodiscard]] int previous_rank(int rank) const;

  /// Whether `rank` holds the first stage; with a virtual stage, whether it holds the first chunk of the
  /// model.
  [[nodiscard]] bool is_first_stage(int rank, std::optional<int> virtual_stage = std::nullopt) const;
  /// Whether `rank` holds the last stage; with a virtual stage, whether it holds the last chunk of the model.
  [[nodiscard]] bool is_last_stage(int rank, std::optional<int> virtual_stage = std::nullopt) const;

  /// Whether a stage is in the encoder: stage < split. True if there is one stage or no split.
  [[nodiscard]] bool is_before_split(std::int64_t stage) const noexcept;
  /// Whether a stage is in the decoder: stage >= split. True if there is one stage or no split.
  [[nodiscard]] bool is_after_split(std::int64_t stage) const noexcept;
  /// Whether a stage is the last of the encoder: it is before the split, and the next stage is after it.
  [[nodiscard]] bool is_at_split(std::int64_t stage) const noexcept {
    return is_before_split(stage) && is_after_split(stage + 1);
  }

  /// The layers of a model chunk. With V virtual stages on each of p stages, the layers are divided equally
  /// among V * p chunks, and virtual stage v of a stage is chunk v * p + stage. For example, 16 layers on 4
  /// stages with 2 virtual stages each put layers 1, 2 and 9, 10 on stage 0.
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
