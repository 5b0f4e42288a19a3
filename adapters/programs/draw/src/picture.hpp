#pragma once

#include <optional>
#include <string>
#include <vector>

#include "blocks.hpp"
#include "colouring.hpp"
#include "rankmesh/draw/draw.hpp"
#include "rankmesh/topology/spans.hpp"
#include "tiling.hpp"

namespace rankmesh::cli {

/// The largest number of ranks that are all drawn one by one, and the number drawn one by one of more ranks.
inline constexpr int most_ranks = 1024;
inline constexpr int ranks_of_part = 256;
/// The largest number of blocks in the outline of a world.
inline constexpr int most_blocks = 256;

/// The drawing of one kind, and the other kinds that have the same groups.
struct Panel {
  const KindFamily* kind = nullptr;
  std::vector<const KindFamily*> same{};
  /// The number of nodes that the groups touch, if nodes are drawn.
  std::optional<BlockSpan> nodes{};

  [[nodiscard]] const GroupFamily& family() const noexcept { return kind->family; }
  [[nodiscard]] bool crosses_nodes() const noexcept { return nodes && nodes->most > 1; }
};

/// The content of a picture in any format: the ranks, their places, and the kinds.
class Picture {
 public:
  /// @param max_columns the largest number of ranks in a line
  Picture(const Topology& topology, const DrawRequest& request, int max_columns);

  [[nodiscard]] const Topology& topology() const noexcept { return topology_; }
  [[nodiscard]] const DrawRequest& request() const noexcept { return request_; }
  [[nodiscard]] const std::vector<Panel>& panels() const noexcept { return panels_; }

  /// The first rank that is drawn: the first rank of the layout, or of its node.
  [[nodiscard]] int first_rank() const noexcept { return first_rank_; }
  /// The grid of the ranks that are drawn one by one, which begin with first_rank().
  [[nodiscard]] const Tiling& tiling() const noexcept { return *tiling_; }
  /// The rank that a cell shows; -1 for an idle slot.
  [[nodiscard]] int rank_of(int cell) const noexcept {
    return hosts_.empty() ? first_rank_ + cell : rank_of_cell_[static_cast<std::size_t>(cell)];
  }
  /// The largest number of a rank that is drawn.
  [[nodiscard]] int last_rank() const noexcept;
  /// Whether the ranks that are drawn follow each other.
  [[nodiscard]] bool is_in_order() const noexcept { return is_in_order_; }
  /// `node 3`, or the name of a host.
  [[nodiscard]] std::string box_name(int box) const;
  /// The number of ranks of the layout.
  [[nodiscard]] std::int64_t rank_count() const noexcept { return rank_count_; }
  [[nodiscard]] bool is_part() const noexcept { return tiling_->count() < cell_count_; }
  /// The outline of all ranks, if only a part is drawn one by one.
  [[nodiscard]] const std::optional<Blocks>& blocks() const noexcept { return blocks_; }
  [[nodiscard]] Tiling block_tiling(int max_columns) const;

  /// The group of each rank that is drawn one by one.
  [[nodiscard]] std::vector<std::optional<int>> groups_of(const GroupFamily& family) const;

  /// `tensor`
  [[nodiscard]] std::string name(const KindFamily& kind) const {
    return std::string(name_of(kind, request_.names));
  }
  /// `8 groups of 2, on 1 to 2 nodes each`
  [[nodiscard]] std::string facts(const Panel& panel) const;
  /// `also sequence_data, amax`, or nothing.
  [[nodiscard]] std::string also(const Panel& panel) const;
  /// `rank 5: tensor group 2, position 1 of 2`
  [[nodiscard]] std::string about(const Panel& panel, int rank) const;
  /// The lines above all panels: the world, and which part of it is drawn.
  [[nodiscard]] std::vector<std::string> head() const;

 private:
  void choose_ranks(int max_columns);
  void choose_hosts(const DrawnHosts& hosts, int max_columns);
  void choose_kinds();
  void add_panel(const KindFamily& kind, bool merge);

  const Topology& topology_;
  const DrawRequest& request_;
  std::vector<std::int64_t> periods_;
  int first_rank_ = 0;
  std::int64_t rank_count_ = 1;
  std::int64_t cell_count_ = 1;
  /// The names of the hosts that are drawn; empty if the ranks are not drawn on hosts.
  std::vector<std::string> hosts_;
  /// With hosts, the rank that each cell shows; -1 for an idle slot.
  std::vector<int> rank_of_cell_;
  bool is_in_order_ = true;
  std::optional<Tiling> tiling_;
  std::optional<Blocks> blocks_;
  std::vector<Panel> panels_;
};

}  // namespace rankmesh::cli
