#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster_options.hpp"
#include "common_options.hpp"
#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// Which groups to print, and how.
struct GroupsRequest {
  /// All kinds if empty.
  std::vector<GroupKind> kinds{};
  Format format = Format::text;
  /// Prints lists in full as text too.
  bool all = false;
  std::optional<int> gpus_per_node{};
  std::optional<PlacedRanks> where{};
  Names names = Names::of_rankmesh;
  /// Kinds whose groups JSON lists behind those of another kind, under its name.
  std::map<std::string, std::string> listed_as{};
};

/// Prints every group of every kind. Constant memory, whatever the world size.
void print_groups(const Topology& topology, const GroupsRequest& request, Writer& out, Style style);

/// Writes all ranks of a group, without storing the text: `[0, 2, 4]`.
void put_whole_list(const GroupFamily& family, int group, Writer& out);

/// The kinds of a topology that are wanted, in the order of creation; all if none is named.
[[nodiscard]] std::vector<const KindFamily*> wanted_kinds(const Topology& topology,
                                                          const std::vector<GroupKind>& kinds);

}  // namespace rankmesh::cli
