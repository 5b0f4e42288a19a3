#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/plan.hpp"

namespace rankmesh::bringup {

/// What came of one kind on all ranks together.
struct KindReport {
  GroupKind kind;
  int group_count = 0;
  int group_size = 0;
  /// The kind whose communicators it uses, itself where it has its own; nothing for groups of one.
  std::optional<GroupKind> made_by{};
  bool members_proven = true;
  bool order_proven = true;
  /// What making the communicators took on the slowest rank; nothing where none were made.
  std::optional<double> milliseconds{};
};

/// What came of a bring-up on all ranks together.
struct Report {
  ParallelConfig config;
  std::vector<KindReport> kinds{};
  /// One sentence for each failed proof, naming kind, group and ranks.
  std::vector<std::string> failures{};
  /// Communicators over all kinds that the job needed, and what it would have needed with one for each kind.
  int communicators_made = 0;
  double agreement_milliseconds = 0;
  double duplicate_milliseconds = 0;
  double total_milliseconds = 0;
};

/// A table that fits 100 columns, and one line for each failure.
[[nodiscard]] std::string to_text(const Report& report);
/// The same as one JSON object.
[[nodiscard]] std::string to_json(const Report& report);

}  // namespace rankmesh::bringup
