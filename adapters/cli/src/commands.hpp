#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/topology.hpp"
#include "style.hpp"
#include "writer.hpp"

namespace rankmesh::cli {

enum class Format { text, json, csv };

/// Which of its two names a kind is printed with.
enum class Names { of_rankmesh, of_megatron };

[[nodiscard]] inline std::string_view name_of(const KindFamily& kind, Names names) {
  return names == Names::of_megatron ? kind.short_name.name() : kind.kind.name();
}

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

/// `world of 16 ranks: tp=2 sp=1 dp=2 pp=4 (leftmost varies fastest)`, the nodes if there are any, and on
/// lines of their own the mesh of the experts and the place in the job, where there is more to say of them.
[[nodiscard]] std::string world_text(const Topology& topology, std::optional<int> gpus_per_node);

/// What a user should know about a placement: tensor groups that cross nodes, a last node that is not full.
[[nodiscard]] std::vector<std::string> placement_warnings(const Topology& topology, int gpus_per_node);

}  // namespace rankmesh::cli
