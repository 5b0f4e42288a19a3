#pragma once

#include <string>
#include <vector>

#include "measure.hpp"

namespace rankmesh::bench {

/// All repetitions of one strategy with one layout.
struct Row {
  ParallelConfig layout;
  Strategy::Name name;
  std::vector<Sample> samples{};

  /// Whether every repetition was proven; false for a strategy that is unavailable.
  [[nodiscard]] bool is_proven() const;
  [[nodiscard]] bool is_unavailable() const;
};

struct Report {
  int ranks = 1;
  int gpus = 1;
  std::string gpu_name{};
  int repetitions = 1;
  std::vector<Row> rows{};

  /// Whether every available strategy was proven.
  [[nodiscard]] bool is_good() const;
};

/// The middle value; for an even number of values, the mean of the two middle values.
/// @param values at least one
[[nodiscard]] double median(std::vector<double> values);

/// A table for each layout, and a line for each failure.
[[nodiscard]] std::string to_text(const Report& report);
/// One Markdown table, with a heading.
[[nodiscard]] std::string to_markdown(const Report& report);
/// One JSON object.
[[nodiscard]] std::string to_json(const Report& report);

}  // namespace rankmesh::bench
