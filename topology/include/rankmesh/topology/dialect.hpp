#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh {

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
/// @param world_size ranks of the layout; not needed where the text gives all sizes
/// @throws ConfigError listing everything that is wrong with the text, or with the layout
[[nodiscard]] ParallelConfig read_dialect(Dialect dialect, std::string_view text,
                                          std::optional<std::int64_t> world_size = std::nullopt);

/// Says a layout in a dialect, so that `read_dialect` gives a layout whose axes have the same groups.
/// @param config a valid configuration
/// @throws ConfigError listing what the dialect has no words for: an order that a system does not have, an
///         axis it does not know
[[nodiscard]] std::string write_dialect(Dialect dialect, const ParallelConfig& config);

}  // namespace rankmesh
