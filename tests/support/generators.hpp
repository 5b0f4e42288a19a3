#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::tests {

/// A number of a range, its ends included.
inline std::int64_t number_between(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(least, most + 1);
}

/// Such a number, or none.
inline std::optional<std::int64_t> maybe_between(std::int64_t least, std::int64_t most) {
  return *rc::gen::arbitrary<bool>() ? std::optional(number_between(least, most)) : std::nullopt;
}

inline rc::Gen<std::int64_t> small_size() {
  return rc::gen::elementOf(std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 12, 16});
}

/// A valid configuration of up to 4096 ranks: one in four with sequence parallelism, the others with any
/// tensor and pipeline size; often with a split rank, virtual stages and fp8.
inline ParallelConfig valid_config() {
  ParallelConfig config;
  if (*rc::gen::inRange(0, 4) == 0) {
    config.sequence = *rc::gen::inRange<std::int64_t>(2, 24);
  } else {
    config.tensor = *small_size();
    config.pipeline = *small_size();
  }
  config.world_size = config.tensor * config.pipeline * config.sequence * *small_size();
  config.fp8 = *rc::gen::arbitrary<bool>();
  config.distributed_optimizer = *rc::gen::arbitrary<bool>();
  config.amax_rule = *rc::gen::element(AmaxRule::reference_blocks, AmaxRule::data_tensor_product);
  config.virtual_pipeline_rule =
      *rc::gen::element(VirtualPipelineRule::reference, VirtualPipelineRule::megatron);
  if (*rc::gen::arbitrary<bool>()) {
    const std::int64_t stages = config.pipeline > 1 ? config.pipeline : 100;
    config.split_rank = *rc::gen::inRange<std::int64_t>(0, stages);
  }
  const bool strict = config.virtual_pipeline_rule == VirtualPipelineRule::reference;
  if (config.pipeline > (strict ? 2 : 1) && *rc::gen::arbitrary<bool>()) {
    config.virtual_pipeline = *rc::gen::inRange<std::int64_t>(1, 9);
  }
  RC_LOG() << "configuration: " << to_string(config) << std::endl;
  return config;
}

/// Any number at all, with a liking for small ones and for those around which arithmetic goes wrong.
inline rc::Gen<std::int64_t> any_number() {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  return rc::gen::oneOf(
      rc::gen::inRange<std::int64_t>(-2, 40), rc::gen::arbitrary<std::int64_t>(),
      rc::gen::elementOf(std::vector<std::int64_t>{least, least + 1, most, most - 1, 2147483647, 2147483648,
                                                   2147483646, 4294967296, 46341, 0, -1}));
}

inline std::optional<std::int64_t> maybe_any_number() {
  return *rc::gen::arbitrary<bool>() ? std::optional(*any_number()) : std::nullopt;
}

/// A configuration with anything in its fields.
inline ParallelConfig any_config() {
  return {.world_size = *any_number(),
          .tensor = *any_number(),
          .pipeline = *any_number(),
          .sequence = *any_number(),
          .virtual_pipeline = maybe_any_number(),
          .split_rank = maybe_any_number(),
          .fp8 = *rc::gen::arbitrary<bool>(),
          .distributed_optimizer = *rc::gen::arbitrary<bool>(),
          .amax_rule = *rc::gen::element(AmaxRule::reference_blocks, AmaxRule::data_tensor_product),
          .virtual_pipeline_rule =
              *rc::gen::element(VirtualPipelineRule::reference, VirtualPipelineRule::megatron)};
}

/// All of the values in any order.
template <typename T>
std::vector<T> shuffled(const std::vector<T>& values) {
  std::vector<T> order;
  for (const T& value : values) {
    const auto place = *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(order.size()) + 1);
    order.insert(order.begin() + place, value);
  }
  return order;
}

/// Some of the values, each with one chance in two, in any order.
template <typename T>
std::vector<T> some_of(const std::vector<T>& values) {
  std::vector<T> chosen;
  for (const T& value : values) {
    if (*rc::gen::arbitrary<bool>()) chosen.push_back(value);
  }
  return shuffled(chosen);
}

/// One to five axes of sizes 1 to 6 in any order: up to 1024 ranks or so.
inline std::vector<Axis> some_axes() {
  std::vector<Axis> axes;
  std::int64_t world = 1;
  for (const std::string& name : shuffled<std::string>({"tp", "cp", "ep", "dp", "pp"})) {
    const auto size = *rc::gen::inRange<std::int64_t>(1, 7);
    if (world * size > 1024) continue;
    world *= size;
    axes.push_back({name, size});
    if (*rc::gen::inRange(0, 6) == 0) break;
  }
  RC_LOG() << "mesh: " << Mesh(axes).to_string() << std::endl;
  return axes;
}

inline std::vector<std::string> names_of(const std::vector<Axis>& axes) {
  std::vector<std::string> names;
  for (const Axis& axis : axes) names.push_back(axis.name);
  return names;
}

/// The family of a mesh with some varying axes, given as strings.
inline GroupFamily family_of(const std::vector<Axis>& axes, const std::vector<std::string>& varying) {
  return Mesh(axes).family(std::vector<std::string_view>(varying.begin(), varying.end()));
}

}  // namespace rankmesh::tests
