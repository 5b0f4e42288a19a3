#include "config/rules.hpp"

#include <algorithm>

namespace rankmesh {

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

std::optional<std::int64_t> product_of(std::span<const Size> sizes) {
  std::int64_t result = 1;
  for (const Size& size : sizes) {
    if (size.value < 1) continue;
    if (size.value > max_world_size / result) return std::nullopt;
    result *= size.value;
  }
  return result;
}

std::optional<std::int64_t> room_for(const Size& size, std::span<const Size> sizes, std::int64_t world_size) {
  std::int64_t room = world_size;
  for (const Size& other : sizes) {
    if (other.field == size.field || other.value < 1) continue;
    if (room % other.value != 0) return std::nullopt;
    room /= other.value;
  }
  return room;
}

bool check_world_size(std::int64_t world_size, std::span<const Size> sizes, Diagnostics& diagnostics) {
  if (world_size >= 1 && world_size <= max_world_size) return true;
  const auto unit = product_of(sizes);
  if (world_size < 1) {
    diagnostics.add("world_size", world_size, "is below 1", unit ? Values{*unit} : Values{});
  } else {
    diagnostics.add("world_size", world_size, "is above 2147483647, the most that MPI and NCCL can number",
                    unit ? Values{max_world_size - max_world_size % *unit} : Values{});
  }
  return false;
}

void check_lower_bounds(std::span<const Size> sizes, Diagnostics& diagnostics) {
  for (const Size& size : sizes) {
    if (size.value < 1) diagnostics.add(size.field, size.value, "is below 1", {1});
  }
}

void check_divides(std::span<const Size> sizes, std::int64_t world_size, Diagnostics& diagnostics) {
  bool each_divides = true;
  for (const Size& size : sizes) {
    if (size.value < 1 || world_size % size.value == 0) continue;
    each_divides = false;
    diagnostics.add(size.field, size.value, "does not divide world_size = " + std::to_string(world_size),
                    nearest_divisors(room_for(size, sizes, world_size).value_or(world_size), size.value));
  }
  const auto together = product_of(sizes);
  if (!each_divides || (together && world_size % *together == 0)) return;

  // Each divides, the product does not: name the last one, which the others leave too little room.
  std::string factors;
  const Size* last = nullptr;
  for (const Size& size : sizes) {
    if (size.value <= 1) continue;
    factors += (factors.empty() ? "" : " and ") + size.text();
    last = &size;
  }
  const auto room = room_for(*last, sizes, world_size);
  diagnostics.add(last->field, last->value,
                  "does not work: the product of " + factors +
                      " does not divide world_size = " + std::to_string(world_size),
                  room ? nearest_divisors(*room, last->value) : Values{});
}

void check_virtual_pipeline(const ParallelConfig& config, std::int64_t least,
                            const std::function<std::string()>& remedy, Diagnostics& diagnostics) {
  if (!config.virtual_pipeline) return;
  const std::int64_t value = *config.virtual_pipeline;
  if (value < 1) diagnostics.add("virtual_pipeline", value, "is below 1", {1});
  if (value > max_world_size) {
    diagnostics.add("virtual_pipeline", value, "is above 2147483647", {max_world_size});
  }
  if (config.pipeline >= least) return;
  diagnostics.add("virtual_pipeline", value,
                  std::string("needs more than ") +
                      (least == 3 ? "two pipeline stages" : "one pipeline stage") +
                      ", but pipeline = " + std::to_string(config.pipeline) + remedy());
}

void check_split_rank(const ParallelConfig& config, Diagnostics& diagnostics) {
  if (!config.split_rank) return;
  const std::int64_t value = *config.split_rank;
  if (value < 0) {
    diagnostics.add("split_rank", value, "is negative: stages are counted from 0", {0});
  } else if (config.pipeline > 1 && value >= config.pipeline) {
    diagnostics.add("split_rank", value,
                    "is no stage of pipeline = " + std::to_string(config.pipeline) +
                        ", which has stages 0 .. " + std::to_string(config.pipeline - 1),
                    {config.pipeline - 1});
  }
}

void check_placement(const ParallelConfig& config, Diagnostics& diagnostics) {
  if (config.rank_offset < 0) diagnostics.add("rank_offset", config.rank_offset, "is below 0", {0});
  const bool job_is_valid = !config.job_size || (*config.job_size >= 1 && *config.job_size <= max_world_size);
  if (!job_is_valid) {
    diagnostics.add("job_size", *config.job_size, "is not 1 .. 2147483647",
                    {*config.job_size < 1 ? config.world_size : max_world_size});
  }
  if (config.rank_offset < 0 || !job_is_valid || diagnostics.has("world_size")) return;
  const std::int64_t room = config.job_size.value_or(max_world_size) - config.world_size;
  if (room < 0) {
    diagnostics.add(
        "job_size", *config.job_size,
        "is less than world_size = " + std::to_string(config.world_size) + ", the ranks of the layout",
        {config.world_size});
  } else if (config.rank_offset > room) {
    diagnostics.add("rank_offset", config.rank_offset,
                    "leaves no room for world_size = " + std::to_string(config.world_size) + " ranks below " +
                        (config.job_size ? "job_size = " + std::to_string(*config.job_size)
                                         : "2147483647, the most that MPI and NCCL can number"),
                    {room});
  }
}

}  // namespace rankmesh
