#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/plan.hpp"

namespace rankmesh::bringup {

/// What came of a proof on all ranks together.
enum class Proof {
  proven,
  failed,
  /// Not tried, since a proof before it could not be carried out.
  untried,
};

/// What came of one kind on all ranks together.
struct KindReport {
  GroupKind kind;
  int group_count = 0;
  int group_size = 0;
  /// The kind whose communicators it uses, itself where it has its own; nothing for groups of one.
  std::optional<GroupKind> made_by{};
  Proof members = Proof::proven;
  Proof order = Proof::proven;
  /// What making the communicators took on the slowest rank; nothing where none were made.
  std::optional<double> milliseconds{};
};

/// What made the communicators.
struct BackendReport {
  /// `mpi` or `nccl`.
  std::string name = "mpi";
  /// The library with its version.
  std::string library{};
  /// What only NCCL has: how the communicators were made, and the device of rank 0.
  struct Nccl {
    std::string strategy{};
    bool blocking = false;
    int device = 0;
  };
  std::optional<Nccl> nccl{};
};

/// What came of a bring-up on all ranks together.
struct Report {
  ParallelConfig config;
  BackendReport backend{};
  std::vector<KindReport> kinds{};
  /// One sentence for each failed proof, naming kind, group and ranks.
  std::vector<std::string> failures{};
  /// Communicators over all kinds that the job needed.
  int communicators_made = 0;
  /// What a part of the bring-up that belongs to no kind took on the slowest rank: `agreement`, `duplicate`.
  struct Part {
    std::string name;
    double milliseconds = 0;
  };
  /// In the order in which they were done.
  std::vector<Part> parts{};
  double total_milliseconds = 0;
};

/// A table that fits 100 columns, and one line for each failure.
[[nodiscard]] std::string to_text(const Report& report);
/// The same as one JSON object.
[[nodiscard]] std::string to_json(const Report& report);

}  // namespace rankmesh::bringup
