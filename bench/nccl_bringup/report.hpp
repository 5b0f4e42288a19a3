#pragma once

#include <string>
#include <vector>

#include "measure.hpp"

namespace rankmesh::bench {

/// All repetitions of one way with one layout.
struct Row {
  ParallelConfig layout;
  Way::Name way;
  std::vector<Sample> samples{};

  /// Whether every repetition was proven. A way that cannot be had here is not.
  [[nodiscard]] bool is_proven() const;
  [[nodiscard]] bool is_unavailable() const;
};

struct Report {
  int ranks = 1;
  int gpus = 1;
  std::string gpu_name{};
  int repetitions = 1;
  std::vector<Row> rows{};

  /// Whether every way that can be had was proven.
  [[nodiscard]] bool is_good() const;
};

/// The middle value; of an even number of values the mean of the two in the middle.
/// @param values at least one
[[nodiscard]] double median(std::vector<double> values);

/// A table for each layout, and a line for each failure.
[[nodiscard]] std::string to_text(const Report& report);
/// One table, with a heading.
[[nodiscard]] std::string to_markdown(const Report& report);
/// One JSON object.
[[nodiscard]] std::string to_json(const Report& report);

}  // namespace rankmesh::bench
