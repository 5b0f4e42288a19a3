#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/topology_text.hpp"
#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

enum class Format { text, json, csv };

struct GroupsRequest {
  /// Those wanted; all if empty.
  std::vector<GroupKind> kinds{};
  Format format = Format::text;
  /// Shortens no text.
  bool all = false;
  std::optional<int> gpus_per_node{};
  Names names = Names::of_rankmesh;
};
/// Every group of every kind. Constant memory, whatever the world size.
void print_groups(const Topology& topology, const GroupsRequest& request, Writer& out, Style style);

struct RankRequest {
  int rank = 0;
  Format format = Format::text;
  std::optional<int> gpus_per_node{};
  /// Layers of the whole model.
  std::optional<std::int64_t> layers{};
  Names names = Names::of_rankmesh;
};
/// Everything about one rank.
void print_rank(const Topology& topology, const RankRequest& request, Writer& out, Style style);

struct ShowRequest {
  std::optional<int> gpus_per_node{};
  Names names = Names::of_rankmesh;
};
/// One line for every kind.
void print_summary(const Topology& topology, const ShowRequest& request, Writer& out, Style style);

/// What a user should know about a placement: tensor groups that cross nodes, a last node that is not full.
[[nodiscard]] std::vector<std::string> placement_warnings(const Topology& topology, int gpus_per_node);

}  // namespace rankmesh::cli
