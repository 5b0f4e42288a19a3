#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/pipeline.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

struct [[gnu::visibility("hidden")]] LayoutPart;

/// Costs for a balanced split, in any unit: what one layer, the embedding, the loss and one layer for
/// multi-token prediction (MTP) take in comparison with each other.
struct SplitCosts {
  /// One layer: 1 .. 10^9.
  std::int64_t layer = 1;
  /// The embedding: 0 .. 10^9, as the following.
  std::int64_t embedding = 0;
  /// The output layer and the loss.
  std::int64_t loss = 0;
  /// One MTP layer.
  std::int64_t mtp = 0;

  bool operator==(const SplitCosts&) const = default;
};

/// How the layers of a model are spread over the chunks of a pipeline. By default every chunk holds the same
/// number. `first_stage_layers` and `last_stage_layers`, the two `account_for_...`, `costs` and `layout`
/// exclude each other.
struct PipelineSplit {
  /// The layers of the model, at least 1. With `layout`, those of the layout if not given.
  std::optional<std::int64_t> layers{};
  /// Layers for multi-token prediction, all of them in the last chunk. With `layout`, those of the layout if
  /// not given.
  std::optional<std::int64_t> mtp_layers{};
  /// The layers of the first stage, over all its chunks; the other stages share the rest equally. Megatron's
  /// `num_layers_in_first_pipeline_stage`.
  std::optional<std::int64_t> first_stage_layers{};
  /// The same for the last stage.
  std::optional<std::int64_t> last_stage_layers{};
  /// The embedding counts as a layer of the first chunk, so that this chunk holds one layer less. Megatron's
  /// `account_for_embedding_in_pipeline_split`.
  bool account_for_embedding = false;
  /// The loss counts as a layer of the last chunk.
  bool account_for_loss = false;
  /// A balanced split: the largest cost of a chunk is as small as possible. Of several such splits, the one
  /// that is most even, with more layers in later chunks.
  std::optional<SplitCosts> costs{};
  /// Megatron-Core's layout string, `Et*3|(tt|)*29,m|L`: see `PipelineLayout::parse`.
  std::optional<std::string> layout{};

  bool operator==(const PipelineSplit&) const = default;
};

/// The numbers of stages of a pipeline.
struct PipelineStages {
  /// The stages: the pipeline parallel size.
  std::int64_t stages = 1;
  /// The chunks of every stage; nothing without the interleaved schedule.
  std::optional<std::int64_t> virtual_stages{};
};

/// A model chunk: one virtual stage of one stage.
struct ChunkQuery {
  /// The stage, from 0.
  std::int64_t stage = 0;
  /// The virtual stage of it, from 0.
  std::int64_t virtual_stage = 0;
};

/// What one model chunk holds.
struct ChunkContent {
  /// Whether it holds the embedding.
  bool embedding = false;
  /// Its layers.
  LayerRange layers{};
  /// Its layers for multi-token prediction.
  LayerRange mtp{};
  /// Whether it holds the output layer and the loss.
  bool loss = false;

  bool operator==(const ChunkContent&) const = default;
};

/// Which layers, and which of embedding, loss and multi-token prediction (MTP), each chunk of a pipelined
/// model holds. With p stages, virtual stage v of a stage is chunk v * p + stage; layers are numbered in the
/// order of the chunks. The embedding is in chunk 0 and the loss in the last chunk, as in Megatron-Core.
///
///     const rankmesh::PipelineLayout layout({.layers = 126, .first_stage_layers = 7, .last_stage_layers =
///     7},
///                                           {.stages = 16});
///     layout.chunk({.stage = 1}).layers;  // 8 layers from layer 8 on
///
/// A regular value. Runs of equal chunks are stored as their number, so that time and memory do not depend on
/// the numbers of stages and virtual stages.
class PipelineLayout {
 public:
  /// @throws ConfigError listing what is wrong. `check_pipeline_split` says with what values it works.
  PipelineLayout(const PipelineSplit& split, const PipelineStages& stages);
  /// Reads the layout string of Megatron-Core. `E` is the embedding, `t` a layer, `m` an MTP layer, `L` the
  /// loss; `|` ends a chunk; `x*3` is `xxx` and `(tt|)*2` is `tt|tt|`; commas are ignored.
  /// @param stages divides the number of chunks, the quotient is the number of virtual stages
  /// @throws ConfigError with the column of each mistake
  [[nodiscard]] static PipelineLayout parse(std::string_view text, std::int64_t stages);

  /// The layers of the model.
  [[nodiscard]] std::int64_t layers() const noexcept { return layers_; }
  /// The layers for multi-token prediction.
  [[nodiscard]] std::int64_t mtp_layers() const noexcept { return mtp_layers_; }
  /// The pipeline parallel size.
  [[nodiscard]] std::int64_t stages() const noexcept { return stages_; }
  /// The chunks of each stage, 1 without the interleaved schedule.
  [[nodiscard]] std::int64_t virtual_stages() const noexcept { return chunks_ / stages_; }
  /// stages() * virtual_stages()
  [[nodiscard]] std::int64_t chunks() const noexcept { return chunks_; }

  /// What a chunk holds. O(log of the length of the shortest layout string).
  /// @throws RangeError if there is no such stage or virtual stage
  [[nodiscard]] ChunkContent chunk(const ChunkQuery& query) const;

  /// The stages that hold the word embedding, in ascending order: those of the embedding and of MTP layers,
  /// and with tied embeddings, whose output layer uses the same weights, that of the loss.
  [[nodiscard]] std::vector<std::int64_t> embedding_stages(bool tied = true) const;
  /// The stages that hold the position embedding: that of the embedding.
  [[nodiscard]] std::vector<std::int64_t> position_embedding_stages() const { return {0}; }

  /// The layout string, short: `Et*3|(tt|)*29,m|L`. `parse` reads it back. Empty for a layout that needs more
  /// than 65536 characters.
  [[nodiscard]] std::string to_string() const;

  /// Equal if all chunks hold the same.
  bool operator==(const PipelineLayout& other) const;

 private:
  /// Equal chunks that follow each other, in one copy of a part.
  struct Run {
    /// The first chunk, the first chunk after the run, and the layers before the run, all in the copy.
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t layers_before = 0;
    /// The layers of each chunk.
    std::int64_t layers = 0;
  };
  /// Chunks that follow each other several times.
  struct Part {
    /// The first chunk, and the number of layers before it.
    std::int64_t chunk = 0;
    std::int64_t layers_before = 0;
    /// One copy.
    std::vector<Run> runs{};
    std::int64_t copies = 1;

    [[nodiscard]] std::int64_t period() const { return runs.back().end; }
    [[nodiscard]] std::int64_t end() const { return chunk + period() * copies; }
  };
  /// A run of equal chunks that holds a chunk.
  struct Found {
    std::int64_t layers_before = 0;
    std::int64_t layers = 0;
    std::int64_t end = 0;
  };

  PipelineLayout() = default;
  void set_parts(const std::vector<LayoutPart>& parts);
  [[nodiscard]] const Part& part_of(std::int64_t chunk) const;
  [[nodiscard]] Found find(std::int64_t chunk) const;
  /// `(t*3|tt|)*5`; empty if one copy is too long.
  [[nodiscard]] static std::string copies_text(const Part& part, std::int64_t copies);

  std::int64_t stages_ = 1;
  std::int64_t chunks_ = 1;
  std::int64_t layers_ = 0;
  std::int64_t mtp_layers_ = 0;
  /// The chunk of all MTP layers.
  std::int64_t mtp_chunk_ = 0;
  std::vector<Part> parts_;
};

/// What is wrong with a split of the layers over the stages of a configuration; empty if nothing is. Each
/// diagnostic names values that work: other parallel sizes, or another split. Following one of them makes the
/// split valid if nothing else is wrong. The number of layers is never suggested: a model has those that it
/// has.
/// @param config valid
[[nodiscard]] std::vector<Diagnostic> check_pipeline_split(const PipelineSplit& split,
                                                           const ParallelConfig& config);

/// The layout of the layers over the stages of a configuration.
/// @param config valid
/// @throws ConfigError with the diagnostics of `check_pipeline_split`
[[nodiscard]] PipelineLayout make_pipeline_layout(const PipelineSplit& split, const ParallelConfig& config);

/// A configuration whose embedding and position embedding groups hold the stages that a layout says. Without
/// virtual stages it takes those of the layout. The split stage of an encoder-decoder model holds an
/// embedding, too.
/// @param config valid
/// @param tied see `PipelineLayout::embedding_stages`
/// @throws ConfigError if the layout has other stages, if the configuration lists other embedding stages, or
///         if its convention cannot have embedding groups on these stages
[[nodiscard]] ParallelConfig with_pipeline_layout(ParallelConfig config, const PipelineLayout& layout,
                                                  bool tied = true);

}  // namespace rankmesh
