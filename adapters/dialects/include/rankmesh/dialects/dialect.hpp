#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rankmesh/dialects/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_DIALECTS_API rankmesh {

/// A way of saying how the ranks of a job are laid out: words `name=value` with blanks between them, in the
/// terms of a system. docs/dialects.md has the words of each.
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
  /// As papers print it, from the inner axis to the outer: `order=TP,CP,PP,DP sizes=8,1,4,-1`.
  inner_to_outer,
};

/// Every dialect, in the order of declaration.
[[nodiscard]] std::span<const Dialect> dialects() noexcept;
/// `devicemesh`, `inner-to-outer`, ...: its name for users.
[[nodiscard]] std::string_view name_of(Dialect dialect) noexcept;
/// The dialect of a name; nothing if there is none.
[[nodiscard]] std::optional<Dialect> dialect_named(std::string_view name) noexcept;

/// Reads a layout. One size may be -1, or left out where the system fills it in: what the others leave of the
/// world. The result is valid: its kinds have the lists that the system makes, in the same order, under the
/// names of this library (`tensor`, `data`, ...) where it has one.
///
/// Brackets, parentheses and quotes around lists may stay, with blanks inside them, and names may be in upper
/// case (but for the dialect `rankmesh`, which is read to the letter).
/// @param world_size ranks of the layout; not needed where the text gives all sizes, and the same if it does
/// @throws ConfigError listing everything that is wrong with the text or, if nothing is, with the layout
[[nodiscard]] ParallelConfig read_dialect(Dialect dialect, std::string_view text,
                                          std::optional<std::int64_t> world_size = std::nullopt);

/// Says a layout in a dialect, so that `read_dialect` gives a layout whose axes have the same groups. Axes of
/// one rank are left out.
///
/// The axes are what is said. The kinds on them are those that the target has of its own: whatever makes
/// kinds besides is left out where the target has no such kinds (optimizer instances, levels of context
/// parallelism, hybrid groups, stages of embeddings: `megatron` and `rankmesh` alone say them; FP8 groups and
/// the numbering of groups: `rankmesh` alone; kinds of one's own: `devicemesh` too, but no slices). So are
/// virtual stages and the second communicator for data, which make no groups. Where the target has one axis
/// for the data, shards and replicas side by side become that.
/// @throws ConfigError listing what is wrong with the configuration or, if nothing is, what the dialect
///         has no words for: an order that a system does not have, an axis it does not know, a place in a
///         larger job
[[nodiscard]] std::string write_dialect(Dialect dialect, const ParallelConfig& config);

}  // namespace rankmesh
