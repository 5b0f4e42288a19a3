#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/plan.hpp"

namespace rankmesh::bringup {

/// The result of a proof over all ranks.
enum class ProofResult {
  proven,
  failed,
  /// Not attempted, because an earlier proof was aborted.
  untried,
};

/// The result for one kind over all ranks.
struct KindReport {
  GroupKind kind;
  int group_count = 0;
  int group_size = 0;
  /// The kind whose communicators it uses: itself if it has its own; nothing for groups of one rank.
  std::optional<GroupKind> made_by{};
  ProofResult members = ProofResult::proven;
  ProofResult order = ProofResult::proven;
  /// How long the slowest rank took to create the communicators; nothing if none were created.
  std::optional<double> milliseconds{};
  /// How many domains its groups touch at each level of `HostsReport::levels`. Empty for groups of one rank,
  /// and if the hosts are not known.
  struct Span {
    int fewest = 1;
    int most = 1;
    /// The most before the ranks got other numbers.
    int most_before = 1;
    int crossing_groups = 0;
  };
  std::vector<Span> spans{};
};

/// The hosts on which the job runs.
struct HostsReport {
  struct Host {
    std::string name{};
    int ranks = 0;
  };
  /// In the order of their first ranks before the ranks got other numbers; empty if they are not known.
  std::vector<Host> hosts{};
  /// By rank, an index of `hosts`.
  std::vector<int> host_of_rank{};
  /// `nvlink` if there are NVLink fabrics, and `node`.
  std::vector<std::string> levels{};
  /// Whether the ranks got other numbers.
  bool is_renumbered = false;
  /// By rank, the number before, if the ranks were to be placed.
  std::vector<int> rank_before{};
  /// Kinds whose groups cross hosts although they need not, with a remedy; or why the hosts are not known.
  std::vector<std::string> warnings{};
};

/// The library that created the communicators.
struct BackendReport {
  /// `mpi` or `nccl`.
  std::string name = "mpi";
  /// The library with its version.
  std::string library{};
  /// With NCCL only: how the communicators were created, and the device of rank 0.
  struct Nccl {
    std::string strategy{};
    bool blocking = false;
    int device = 0;
  };
  std::optional<Nccl> nccl{};
};

/// The result of a bring-up over all ranks.
struct Report {
  ParallelConfig config;
  BackendReport backend{};
  std::vector<KindReport> kinds{};
  /// One sentence for each failed proof, with kind, group and ranks.
  std::vector<std::string> failures{};
  /// Communicators created in the whole job, over all kinds.
  int communicators_made = 0;
  /// How long the slowest rank took for a part of the bring-up that belongs to no kind: `agreement`,
  /// `world`.
  struct Part {
    std::string name;
    double milliseconds = 0;
  };
  /// In execution order.
  std::vector<Part> parts{};
  double total_milliseconds = 0;
  HostsReport hosts{};
};

/// A table of at most 100 columns, and one line for each failure.
[[nodiscard]] std::string to_text(const Report& report);
/// The report as one JSON object.
[[nodiscard]] std::string to_json(const Report& report);

}  // namespace rankmesh::bringup
