#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh {

inline constexpr std::int64_t max_world_size = std::numeric_limits<int>::max();

using Values = std::vector<std::int64_t>;

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

/// Collects what is wrong with a configuration, field by field. A violation is kept once, however many rules
/// find it.
class Violations {
 public:
  void add(std::string_view field, std::string value, std::string rule, Values nearest = {});
  void add(std::string_view field, std::int64_t value, std::string rule, Values nearest = {}) {
    add(field, std::to_string(value), std::move(rule), std::move(nearest));
  }
  [[nodiscard]] bool has(std::string_view field) const;
  [[nodiscard]] bool empty() const noexcept { return violations_.empty(); }
  [[nodiscard]] std::vector<Violation> take() { return std::move(violations_); }

 private:
  std::vector<Violation> violations_;
};

/// @return whether the world size is one
bool check_world_size(std::int64_t world_size, std::span<const Size> sizes, Violations& violations);
void check_lower_bounds(std::span<const Size> sizes, Violations& violations);
/// The product of the sizes divides the world, which has a valid size.
void check_divides(std::span<const Size> sizes, std::int64_t world_size, Violations& violations);
/// @param least stages that virtual ones need
/// @param remedy what to do about too few stages, as an addition to the rule; asked only then, since to look
///        for sizes that would do takes longer in a larger world
void check_virtual_pipeline(const ParallelConfig& config, std::int64_t least,
                            const std::function<std::string()>& remedy, Violations& violations);
void check_split_rank(const ParallelConfig& config, Violations& violations);

/// The rules of one convention, each.
void check_reference(const ParallelConfig& config, Violations& violations);
void check_megatron_core(const ParallelConfig& config, Violations& violations);
void check_mesh(const ParallelConfig& config, Violations& violations);

/// Whether the layout fits the job.
void check_placement(const ParallelConfig& config, Violations& violations);

}  // namespace rankmesh
