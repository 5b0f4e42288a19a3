#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rankmesh/dialects/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_DIALECTS_API rankmesh {
namespace dialects {

/// The words in which a system describes a layout: `name=value`, separated by blanks.
enum class Dialect {
  /// The one-line form of config_text.hpp: `world=16 tp=2 pp=4`.
  rankmesh,
  /// Megatron-Core's sizes and order, leftmost fastest: `tp=8 cp=2 pp=4 order=tp-cp-ep-dp-pp`.
  megatron,
  /// A PyTorch DeviceMesh, last fastest: `shape=4,4,2,8 names=pp,dp,cp,tp`.
  devicemesh,
  /// DeepSpeed's process topology, last fastest: `axes=pipe,data,model dims=2,2,2`.
  deepspeed,
  /// torchtitan's degrees: `dp_replicate=2 dp_shard=-1 cp=1 tp=4 pp=2 ep=8`.
  torchtitan,
  /// The form of papers, from the inner axis to the outer: `order=TP,CP,PP,DP sizes=8,1,4,-1`.
  inner_to_outer,
};

/// Every dialect, in the order of declaration.
[[nodiscard]] std::span<const Dialect> all() noexcept;
/// The name for users: `devicemesh`, `inner-to-outer`, ...
[[nodiscard]] std::string_view name_of(Dialect dialect) noexcept;
/// The dialect with a name; nothing if there is none.
[[nodiscard]] std::optional<Dialect> find(std::string_view name) noexcept;

/// The dialect that a text is written in, as its words tell: `rankmesh` unless it has words that only another
/// dialect has, for example `shape` and `names`. `recognise(write(dialect, config))` is `dialect`.
[[nodiscard]] Dialect recognise(std::string_view text);

/// Reads a layout. One size may be -1, or absent where the system fills it in: the world size divided by the
/// other sizes. The result is valid. Its kinds have the lists of the system in the same order, under the
/// names of this library (`tensor`, `data`, ...) where it has one.
///
/// Lists may be in brackets, parentheses or quotes, with blanks inside. Names may be in upper case, except in
/// the dialect `rankmesh`.
/// @param world_size ranks of the layout; may be absent if the text gives all sizes, and must agree with them
/// @throws ConfigError listing everything that is wrong with the text or, if nothing is, with the layout
[[nodiscard]] ParallelConfig read(Dialect dialect, std::string_view text,
                                  std::optional<std::int64_t> world_size = std::nullopt);

/// Writes a layout. `read` returns a layout whose axes have the same groups. Axes of one rank are omitted.
///
/// The text describes the axes. Kinds beyond those of the axes are omitted if the dialect has no words for
/// them: optimizer instances, levels of context parallelism, hybrid groups and stages of embeddings are in
/// `megatron` and `rankmesh`; FP8 groups and the numbering of groups in `rankmesh`; custom kinds in
/// `rankmesh` and `devicemesh`, where slices are errors. Virtual stages and the second communicator for data,
/// which make no groups, are omitted too. If the dialect has one axis for data parallelism, neighbouring axes
/// of shards and replicas are merged into it.
/// @throws ConfigError listing what is wrong with the configuration or, if nothing is, what the dialect
///         cannot express: an order of axes, an axis, or a place in a larger job
[[nodiscard]] std::string write(Dialect dialect, const ParallelConfig& config);

}  // namespace dialects
}  // namespace rankmesh
