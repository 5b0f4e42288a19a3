#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh {

/// Adds to the diagnostics of an invalid configuration what would mend it. Every suggestion is found by
/// checking the configuration with one field changed: it is made only if no diagnostic is left but of fields
/// that are wrong whatever this field is. So if nothing else is wrong, a suggestion makes a valid
/// configuration.
///
/// - A number gets the nearest values below and above it that work.
/// - Where no value works, or where the field is no number, the rule is followed by changes of other fields
///   that work, or by the fields that must change too.
///
/// Fields that are wrong whatever the fields of the other diagnostics are get diagnostics of their own.
///
/// O(sqrt(world_size) + d * v), where d is the number of diagnostics and v the number of divisors of the
/// world size.
void add_suggestions(const ParallelConfig& config, std::span<const std::string> unreadable,
                     std::vector<Diagnostic>& diagnostics);

/// The nearest values of a field below and above its own with which a configuration works, in ascending
/// order, of the divisors of the world size and further candidates.
/// @param field a field that is a number
[[nodiscard]] std::vector<std::int64_t> nearest_values(
    const ParallelConfig& config, std::string_view field, std::span<const std::int64_t> further,
    const std::function<bool(const ParallelConfig&)>& works);

}  // namespace rankmesh
