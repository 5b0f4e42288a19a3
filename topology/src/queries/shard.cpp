#include "rankmesh/topology/shard.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

#include "config/divisors.hpp"

namespace rankmesh {
namespace {

/// `; it divides into 3 or 6 equal parts`: the numbers of parts nearest to `parts`. Nothing for a length that
/// no model has, whose divisors take too long to find.
std::string equal_parts(std::int64_t length, std::int64_t parts) {
  if (length < 1 || length > std::numeric_limits<int>::max()) return "";
  const std::vector<std::int64_t> counts = divisors_of(length);
  const auto above = std::upper_bound(counts.begin(), counts.end(), parts);
  // The parts do not divide the length, so that 1 is below.
  std::string text = std::to_string(*std::prev(above));
  if (above != counts.end()) text += " or " + std::to_string(*above);
  return "; it divides into " + text + (text == "1" ? " part" : " equal parts");
}

}  // namespace

std::optional<Diagnostic> check_division(const Division& division) {
  if (division.parts < 1) {
    throw RangeError("nothing can be cut into " + std::to_string(division.parts) + " parts");
  }
  if (division.length >= 1 && division.length % division.parts == 0) return std::nullopt;
  return Diagnostic{
      .field = division.field,
      .value = std::to_string(division.length),
      .rule = "is no positive multiple of " + division.by + equal_parts(division.length, division.parts)};
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
