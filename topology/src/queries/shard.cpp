#include "rankmesh/topology/shard.hpp"

#include <limits>
#include <vector>

namespace rankmesh {
namespace {

/// The positive multiples of `unit` next below and above `value` that fit 64 bits.
std::vector<std::int64_t> nearest_multiples(std::int64_t unit, std::int64_t value) {
  const std::int64_t below = value < unit ? 0 : value / unit * unit;
  if (below == 0) return {unit};
  if (below > std::numeric_limits<std::int64_t>::max() - unit) return {below};
  return {below, below + unit};
}

}  // namespace

std::optional<Diagnostic> check_division(const Division& division) {
  if (division.parts < 1) {
    throw RangeError("nothing can be cut into " + std::to_string(division.parts) + " parts");
  }
  if (division.length >= 1 && division.length % division.parts == 0) return std::nullopt;
  return Diagnostic{.field = division.field,
                    .value = std::to_string(division.length),
                    .rule = "is no positive multiple of " + division.by,
                    .nearest = nearest_multiples(division.parts, division.length)};
}

IndexRange shard(const ShardQuery& query) {
  // Texts are made only for an error, so that a loop over ranks allocates nothing.
  if (query.parts < 1 || query.length < 1 || query.length % query.parts != 0) {
    const auto diagnostic = check_division({.field = "length",
                                            .length = query.length,
                                            .parts = query.parts,
                                            .by = "parts = " + std::to_string(query.parts)});
    throw ConfigError({diagnostic.value()});
  }
  if (query.part < 0 || query.part >= query.parts) {
    throw RangeError("part " + std::to_string(query.part) + " does not exist: there are " +
                     std::to_string(query.parts) + ", counted from 0");
  }
  const std::int64_t count = query.length / query.parts;
  return {.first = query.part * count, .count = count};
}

}  // namespace rankmesh
