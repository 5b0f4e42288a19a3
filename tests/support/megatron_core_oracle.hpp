#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// @file
/// The groups of Megatron-Core by brute force, for small worlds: every rank gets its coordinates by counting,
/// and ranks that agree in the axes that do not vary are put in one list. Nothing of topology/ is used.

namespace rankmesh::tests {

using Lists = std::vector<std::vector<int>>;

/// Kinds with their lists, in the order in which Megatron-Core first creates a group of the kind.
using NamedLists = std::vector<std::pair<std::string, Lists>>;

/// The arguments of Megatron-Core that decide the groups, under its names.
struct MegatronCoreCase {
  /// Ranks of the job.
  int world = 1;
  /// Ranks of the layout; those of the job if not given.
  std::optional<int> local_world{};
  /// The rank of the job that is the first of the layout.
  int rank_offset = 0;
  int tp = 1;
  int cp = 1;
  int ep = 1;
  int pp = 1;
  /// As many as `tp` if not given.
  std::optional<int> etp{};
  int gtp = 1;
  int egtp = 1;
  /// Axes, leftmost fastest, in upper or lower case.
  std::string order = "tp-cp-ep-dp-pp";
  /// Instances of the distributed optimizer.
  int ndo = 1;
  std::optional<int> vpp{};
  /// Sizes of the levels of hierarchical context parallelism, fastest first; none if empty.
  std::vector<int> hcp{};
  bool hybrid = false;
  /// Stages of each pipeline; the first and the last if not given.
  std::optional<std::vector<int>> embd_stages{};
  /// Stages of each pipeline; the first if not given.
  std::optional<std::vector<int>> pos_embd_stages{};
};

/// Why a case has no groups.
struct Refusal {
  /// A field of MegatronCoreCase.
  std::string field;
  std::string reason;
};

/// Every rule that is broken; empty if the case has groups. A rule about the meshes is looked at only where
/// the sizes divide the layout, and the pipelines are compared only where the order is sound.
std::vector<Refusal> why_refused(const MegatronCoreCase& job);

/// The lists of every kind that is created.
/// @throws std::invalid_argument with the first reason, if the case is refused
NamedLists megatron_core_lists(const MegatronCoreCase& job);

/// The lists of a kind, or of the kind that stands in for it where it was not created.
/// @throws std::invalid_argument if there is neither
const Lists& lists_of_kind(const NamedLists& groups, const std::string& kind);

/// What a rank of the layout is told, by the column names of megatron_core.json.
std::map<std::string, int> megatron_core_row(const NamedLists& groups, int rank);

}  // namespace rankmesh::tests
