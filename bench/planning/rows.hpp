#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/planner/estimate.hpp"

namespace rankmesh::bench {

/// A published measurement, and the job that was measured.
struct Row {
  std::string source{};
  /// The number that the file gives the row; -1 without one.
  std::int64_t id = -1;
  /// Model, GPU, number of GPUs and batch: rows with the same key are fitted to together or not at all.
  std::string key{};
  /// The same with the length of sequences and the source: rows whose layouts can be put in order.
  std::string group{};
  planner::Work work{planner::ModelConfig{}};
  planner::Machine machine{};
  planner::Training training{};
  planner::Layout layout{};
  std::optional<double> step_s{};
  /// What the framework allocated.
  std::optional<double> memory_gib{};
  std::optional<bool> oom{};
  bool memory_of_last_stage = false;
  bool judges_step = false;
  bool judges_memory = false;
  bool judges_oom = false;
  bool judges_rank = false;

  [[nodiscard]] bool has_experts() const { return work.model().experts > 0; }
  /// Whether constants may be fitted to the row: two thirds of the keys.
  [[nodiscard]] bool is_fitted() const;
  /// One of so many parts, which depends on the key alone. Independent of `is_fitted`.
  [[nodiscard]] int part(int parts) const;
};

/// What is taken where a row says nothing.
struct Assumptions {
  /// Bytes of a gradient.
  int gradient_bytes = 4;
  /// Whether the release of a container that a row's reference names says how experts are computed.
  bool reads_releases = true;
};

/// Reads rows in the form of published_layouts.json, of which none but the model and the GPU must be there.
/// Rows whose model `planner::check` refuses, for example without sizes, rows of unknown GPUs, and with more
/// stages than layers are left out.
/// @param left_out if given, counts these rows by the reason
/// @throws std::exception if the file cannot be read
[[nodiscard]] std::vector<Row> read_rows(const std::string& path, const Assumptions& assumptions = {},
                                         std::map<std::string, int>* left_out = nullptr);

}  // namespace rankmesh::bench
