#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh {

using Values = std::vector<std::int64_t>;

/// The most ranks that MPI and NCCL can number.
inline constexpr std::int64_t max_world_size = std::numeric_limits<int>::max();

/// The largest divisor of n that is below `value` and the smallest that is above it, as far as they exist.
[[nodiscard]] Values nearest_divisors(std::int64_t n, std::int64_t value);

/// A parallel size and its name in messages.
struct Size {
  std::string_view field;
  std::int64_t value;

  /// `tensor = 3`
  [[nodiscard]] std::string text() const { return std::string(field) + " = " + std::to_string(value); }
};

/// The product of the sizes that are valid on their own; nothing if it is beyond any world.
[[nodiscard]] std::optional<std::int64_t> product_of(std::span<const Size> sizes);
/// The number that one of the sizes must divide: the ranks that the others leave; nothing where those do not
/// fit.
[[nodiscard]] std::optional<std::int64_t> room_for(const Size& size, std::span<const Size> sizes,
                                                   std::int64_t world_size);

/// @return whether the world size is one
bool check_world_size(std::int64_t world_size, std::span<const Size> sizes, Diagnostics& diagnostics);
void check_lower_bounds(std::span<const Size> sizes, Diagnostics& diagnostics);
/// The product of the sizes divides the world, which has a valid size.
void check_divides(std::span<const Size> sizes, std::int64_t world_size, Diagnostics& diagnostics);
/// @param least stages that virtual ones need
/// @param remedy what to do about too few stages, as an addition to the rule; asked only then, since to look
///        for sizes that would do takes longer in a larger world
void check_virtual_pipeline(const ParallelConfig& config, std::int64_t least,
                            const std::function<std::string()>& remedy, Diagnostics& diagnostics);
void check_split_rank(const ParallelConfig& config, Diagnostics& diagnostics);

/// The rules of one convention, each.
void check_reference(const ParallelConfig& config, Diagnostics& diagnostics);
void check_megatron_core(const ParallelConfig& config, Diagnostics& diagnostics);
void check_mesh(const ParallelConfig& config, Diagnostics& diagnostics);

/// Whether the layout fits the job.
void check_placement(const ParallelConfig& config, Diagnostics& diagnostics);

}  // namespace rankmesh
