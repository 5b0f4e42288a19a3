#include "picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "rankmesh/output/rank_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// The number of ranks after which each axis starts again, ascending, without the size of the layout.
std::vector<std::int64_t> periods_of(const Mesh& mesh) {
  std::vector<std::int64_t> periods{1};
  for (const Axis& axis : mesh.axes()) {
    const std::int64_t period = periods.back() * axis.size;
    if (axis.size > 1 && period < mesh.world_size()) periods.push_back(period);
  }
  return periods;
}

}  // namespace

Picture::Picture(const Topology& topology, const DrawRequest& request, int max_columns)
    : topology_(topology),
      request_(request),
      periods_(periods_of(topology.mesh())) {
  if (request.hosts) {
    choose_hosts(*request.hosts, max_columns);
  } else {
    choose_ranks(max_columns);
  }
  choose_kinds();
}

void Picture::choose_hosts(const DrawnHosts& where, int max_columns) {
  const Cluster& cluster = where.cluster;
  const std::vector<int> slots = where.placement.slots();
  std::vector<int> rank_on(static_cast<std::size_t>(cluster.slots()), -1);
  std::vector<bool> is_used(static_cast<std::size_t>(cluster.hosts()));
  int box = 1;
  for (int rank = 0; rank < topology_.world_size(); ++rank) {
    const int slot = slots[static_cast<std::size_t>(rank)];
    rank_on[static_cast<std::size_t>(slot)] = rank;
    is_used[static_cast<std::size_t>(cluster.host_of(slot))] = true;
    box = std::max(box, cluster.slots_of_host(cluster.host_of(slot)));
  }
  const std::int64_t used = std::count(is_used.begin(), is_used.end(), true);
  rank_count_ = topology_.layout_size();
  cell_count_ = used * box;
  const std::int64_t drawn =
      cell_count_ <= most_ranks ? used : std::max<std::int64_t>(1, ranks_of_part / box);
  for (int host = 0; host < cluster.hosts() && static_cast<std::int64_t>(hosts_.size()) < drawn; ++host) {
    if (!is_used[static_cast<std::size_t>(host)]) continue;
    hosts_.push_back(cluster.domain_name(cluster.host_level(), host));
    for (int slot = 0; slot < box; ++slot) {
      const bool exists = slot < cluster.slots_of_host(host);
      rank_of_cell_.push_back(exists ? rank_on[static_cast<std::size_t>(cluster.first_slot(host) + slot)]
                                     : -1);
    }
  }
  std::vector<int> ranks;
  std::copy_if(rank_of_cell_.begin(), rank_of_cell_.end(), std::back_inserter(ranks),
               [](int rank) { return rank >= 0; });
  first_rank_ = *std::min_element(ranks.begin(), ranks.end());
  for (std::size_t i = 1; i < ranks.size(); ++i) is_in_order_ = is_in_order_ && ranks[i] == ranks[i - 1] + 1;
  // Where slots are idle, the place in a line does not tell the rank.
  is_in_order_ = is_in_order_ && ranks.size() == rank_of_cell_.size();
  tiling_ = Tiling({.count = static_cast<int>(rank_of_cell_.size()), .box = box, .max_columns = max_columns});
}

int Picture::last_rank() const noexcept {
  if (hosts_.empty()) return first_rank_ + tiling_->count() - 1;
  return *std::max_element(rank_of_cell_.begin(), rank_of_cell_.end());
}

std::string Picture::box_name(int box) const {
  if (!hosts_.empty()) return hosts_[static_cast<std::size_t>(box)];
  return fmt::format("node {}", first_rank_ / tiling_->box_size() + box);
}

void Picture::choose_ranks(int max_columns) {
  const std::int64_t node = request_.gpus_per_node.value_or(1);
  const std::int64_t first = topology_.first_rank() / node * node;
  const std::int64_t end = std::int64_t{topology_.first_rank()} + topology_.layout_size();
  const std::int64_t end_of_node =
      std::min<std::int64_t>((end + node - 1) / node * node, topology_.world_size());
  first_rank_ = static_cast<int>(first);
  rank_count_ = end_of_node - first;
  cell_count_ = rank_count_;
  std::int64_t drawn = rank_count_;
  if (drawn > most_ranks) drawn = node <= ranks_of_part ? ranks_of_part / node * node : ranks_of_part;
  const bool is_aligned = first == topology_.first_rank();
  tiling_ = Tiling({.count = static_cast<int>(drawn),
                    .periods = is_aligned ? periods_ : std::vector<std::int64_t>{},
                    .box = request_.gpus_per_node,
                    .max_columns = max_columns});
  if (is_part()) blocks_ = blocks_of(first, rank_count_, most_blocks, periods_);
}

void Picture::choose_kinds() {
  const auto is_wanted = [&](const KindFamily& kind) {
    return std::find(request_.kinds.begin(), request_.kinds.end(), kind.kind) != request_.kinds.end();
  };
  for (const KindFamily& kind : topology_.kinds()) {
    if (request_.kinds.empty() ? kind.family.group_size() > 1 : is_wanted(kind)) {
      add_panel(kind, request_.kinds.empty());
    }
  }
  if (!panels_.empty()) return;
  // No group has two members, which the picture then shows.
  for (const KindFamily& kind : topology_.kinds()) add_panel(kind, true);
}

void Picture::add_panel(const KindFamily& kind, bool merge) {
  const auto same = std::find_if(panels_.begin(), panels_.end(),
                                 [&](const Panel& panel) { return panel.family() == kind.family; });
  if (merge && same != panels_.end()) {
    same->same.push_back(&kind);
    return;
  }
  Panel panel{.kind = &kind};
  if (const auto& where = request_.hosts) {
    const LevelSpan span =
        level_span(kind.family, where->cluster, where->placement, where->cluster.host_level());
    panel.nodes = {span.fewest, span.most};
  } else if (request_.gpus_per_node)
    panel.nodes = block_span(kind.family, *request_.gpus_per_node);
  panels_.push_back(std::move(panel));
}

Tiling Picture::block_tiling(int max_columns) const {
  std::vector<std::int64_t> periods;
  for (const std::int64_t period : periods_) {
    if (period > blocks_->size && period % blocks_->size == 0) periods.push_back(period / blocks_->size);
  }
  return Tiling({.count = blocks_->count(), .periods = std::move(periods), .max_columns = max_columns});
}

std::vector<std::optional<int>> Picture::groups_of(const GroupFamily& family) const {
  std::vector<std::optional<int>> groups;
  for (int i = 0; i < tiling_->count(); ++i) {
    const auto place = family.locate(rank_of(i));
    groups.push_back(place ? std::optional(place->group) : std::nullopt);
  }
  return groups;
}

std::string Picture::facts(const Panel& panel) const {
  std::string text = groups_text(panel.family());
  if (panel.nodes) text += ", " + nodes_text(panel.family(), *panel.nodes);
  return text;
}

std::string Picture::also(const Panel& panel) const {
  std::vector<std::string> names;
  for (const KindFamily* kind : panel.same) names.push_back(name(*kind));
  return names.empty() ? "" : "also " + joined(names, ", ");
}

std::string Picture::about(const Panel& panel, int rank) const {
  if (rank < 0) return "an idle slot";
  if (!topology_.contains(rank)) return fmt::format("rank {}: not of this layout", rank);
  const auto place = panel.family().locate(rank);
  if (!place) return fmt::format("rank {}: in no {} group", rank, name(*panel.kind));
  return fmt::format("rank {}: {} group {}, position {} of {}", rank, name(*panel.kind), place->group,
                     place->position, panel.family().group_size());
}

std::vector<std::string> Picture::head() const {
  std::vector<std::string> lines =
      world_lines(topology_, request_.hosts ? std::nullopt : request_.gpus_per_node);
  if (const auto& where = request_.hosts) {
    lines.push_back("on " + where->cluster.to_string());
    if (is_part()) lines.push_back(fmt::format("Drawn: the hosts {} .. {}.", hosts_.front(), hosts_.back()));
  }
  if (blocks_) {
    lines.push_back(
        fmt::format("Drawn one by one: the ranks {} .. {}. The outline has all {} ranks, {} together, and "
                    "marks where group 0 has "
                    "members.",
                    first_rank_, first_rank_ + tiling_->count() - 1, rank_count_, blocks_->size));
  }
  return lines;
}

}  // namespace rankmesh::cli
