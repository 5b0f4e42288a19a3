#pragma once

#include <string>
#include <vector>

#include "metrics.hpp"
#include "rows.hpp"

namespace rankmesh::bench {

/// Searches for constants with smaller errors of the step time on some rows, and returns them as text. Random
/// changes of a few constants are kept where they help; the same seed gives the same constants.
[[nodiscard]] std::string fit(std::vector<Row> rows, int rounds, unsigned seed);

/// Errors on rows that the fit did not see: divides the rows into parts by their keys, and estimates each
/// part with constants that are fitted to all others.
[[nodiscard]] Metrics cross_validate(const std::vector<Row>& rows, int parts, int rounds, unsigned seed);

}  // namespace rankmesh::bench
