#include "rankmesh/topology/parallel_config.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace rankmesh {
namespace {

constexpr std::int64_t max_world_size = std::numeric_limits<int>::max();

using Values = std::vector<std::int64_t>;

/// The largest divisor of n that is below `value` and the smallest that is above it, as far as they exist.
Values nearest_divisors(std::int64_t n, std::int64_t value) {
  std::int64_t below = 0;
  std::int64_t above = 0;
  const auto consider = [&](std::int64_t divisor) {
    if (divisor < value) below = std::max(below, divisor);
    if (divisor > value) above = above == 0 ? divisor : std::min(above, divisor);
  };
  for (std::int64_t divisor = 1; divisor * divisor <= n; ++divisor) {
    if (n % divisor != 0) continue;
    consider(divisor);
    consider(n / divisor);
  }
  Values result;
  if (below != 0) result.push_back(below);
  if (above != 0) result.push_back(above);
  return result;
}

/// A parallel size and its name in messages.
struct Size {
  std::string_view field;
  std::int64_t value;

  /// `tensor = 3`
  [[nodiscard]] std::string text() const { return std::string(field) + " = " + std::to_string(value); }
};

/// Collects what is wrong with one configuration, field by field.
class Checker {
 public:
  explicit Checker(const ParallelConfig& config)
      : config_(config),
        sizes_{Size{"tensor", config.tensor}, {"pipeline", config.pipeline}, {"sequence", config.sequence}} {}

  std::vector<Violation> run() {
    check_world_size();
    check_lower_bounds();
    if (world_is_valid()) check_divisibility();
    check_sequence_alone();
    check_virtual_pipeline();
    check_split_rank();
    return std::move(violations_);
  }

 private:
  void add(std::string_view field, std::int64_t value, std::string rule, Values nearest = {}) {
    violations_.push_back({std::string(field), std::to_string(value), std::move(rule), std::move(nearest)});
  }

  [[nodiscard]] bool world_is_valid() const {
    return config_.world_size >= 1 && config_.world_size <= max_world_size;
  }

  /// The product of the sizes that are valid on their own, or nothing if it is beyond any world.
  [[nodiscard]] std::optional<std::int64_t> product() const {
    std::int64_t result = 1;
    for (const Size& size : sizes_) {
      if (size.value < 1) continue;
      if (size.value > max_world_size / result) return std::nullopt;
      result *= size.value;
    }
    return result;
  }

  void check_world_size() {
    if (world_is_valid()) return;
    const auto unit = product();
    if (config_.world_size < 1) {
      add("world_size", config_.world_size, "is below 1", unit ? Values{*unit} : Values{});
    } else {
      add("world_size", config_.world_size, "is above 2147483647, the most that MPI and NCCL can number",
          unit ? Values{max_world_size - max_world_size % *unit} : Values{});
    }
  }

  void check_lower_bounds() {
    for (const Size& size : sizes_) {
      if (size.value < 1) add(size.field, size.value, "is below 1", {1});
    }
  }

  void check_divisibility() {
    bool each_divides = true;
    for (const Size& size : sizes_) {
      if (size.value < 1 || config_.world_size % size.value == 0) continue;
      each_divides = false;
      add(size.field, size.value, "does not divide world_size = " + std::to_string(config_.world_size),
          nearest_divisors(room_for(size).value_or(config_.world_size), size.value));
    }
    const auto together = product();
    if (!each_divides || (together && config_.world_size % *together == 0)) return;

    // Each divides, the product does not: name the last one, which the others leave too little room.
    std::string factors;
    const Size* last = nullptr;
    for (const Size& size : sizes_) {
      if (size.value <= 1) continue;
      factors += (factors.empty() ? "" : " and ") + size.text();
      last = &size;
    }
    const auto room = room_for(*last);
    add(last->field, last->value,
        "does not work: the product of " + factors +
            " does not divide world_size = " + std::to_string(config_.world_size),
        room ? nearest_divisors(*room, last->value) : Values{});
  }

  /// The number that `size` must divide: the ranks the other sizes leave, or nothing where those do not fit.
  [[nodiscard]] std::optional<std::int64_t> room_for(const Size& size) const {
    std::int64_t room = config_.world_size;
    for (const Size& other : sizes_) {
      if (&other == &size || other.value < 1) continue;
      if (room % other.value != 0) return std::nullopt;
      room /= other.value;
    }
    return room;
  }

  void check_sequence_alone() {
    if (config_.sequence <= 1 || (config_.tensor == 1 && config_.pipeline == 1)) return;
    add("sequence", config_.sequence,
        "needs tensor = 1 and pipeline = 1, but tensor = " + std::to_string(config_.tensor) +
            ", pipeline = " + std::to_string(config_.pipeline),
        {1});
  }

  void check_virtual_pipeline() {
    if (!config_.virtual_pipeline) return;
    const std::int64_t value = *config_.virtual_pipeline;
    if (value < 1) add("virtual_pipeline", value, "is below 1", {1});
    if (value > max_world_size) add("virtual_pipeline", value, "is above 2147483647", {max_world_size});
    const bool strict = config_.virtual_pipeline_rule == VirtualPipelineRule::reference;
    if (config_.pipeline > (strict ? 2 : 1)) return;
    add("virtual_pipeline", value,
        std::string("needs more than ") + (strict ? "two pipeline stages" : "one pipeline stage") +
            ", but pipeline = " + std::to_string(config_.pipeline) + virtual_pipeline_remedy(strict));
  }

  /// The pipeline sizes that would do, as an addition to the rule: the field to change is another one.
  [[nodiscard]] std::string virtual_pipeline_remedy(bool strict) const {
    std::string remedy = "; leave it out";
    if (world_is_valid()) {
      const Values larger =
          nearest_divisors(room_for(sizes_[1]).value_or(config_.world_size), strict ? 2 : 1);
      if (!larger.empty() && larger.back() > (strict ? 2 : 1) && config_.sequence <= 1) {
        remedy += ", or take pipeline = " + std::to_string(larger.back());
      }
    }
    if (strict && config_.pipeline == 2)
      remedy += ", or the rule of Megatron-Core, which asks for more than one";
    return remedy;
  }

  void check_split_rank() {
    if (!config_.split_rank) return;
    const std::int64_t value = *config_.split_rank;
    if (value < 0) {
      add("split_rank", value, "is negative: stages are counted from 0", {0});
    } else if (config_.pipeline > 1 && value >= config_.pipeline) {
      add("split_rank", value,
          "is no stage of pipeline = " + std::to_string(config_.pipeline) + ", which has stages 0 .. " +
              std::to_string(config_.pipeline - 1),
          {config_.pipeline - 1});
    }
  }

  const ParallelConfig& config_;
  std::array<Size, 3> sizes_;
  std::vector<Violation> violations_;
};

}  // namespace

std::vector<Violation> check(const ParallelConfig& config) {
  return Checker(config).run();
}

}  // namespace rankmesh
