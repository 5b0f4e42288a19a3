#include "rankmesh/output/node_span.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh::cli {
namespace {

/// The places inside a node that a set of ranks takes: `places[i]` says whether one has i ranks before it.
using Places = std::vector<bool>;

/// The places that remain when every rank is moved by 0, 1, ... size - 1 strides.
Places moved(const Places& places, Digit digit) {
  const auto node = static_cast<std::int64_t>(places.size());
  const std::int64_t step = digit.stride % node;
  const std::int64_t orbits = std::gcd(digit.stride, node);
  Places result(places.size());
  for (std::int64_t start = 0; start < orbits; ++start) {
    // Twice around each orbit: the first time finds out what reaches beyond its end.
    std::int64_t reach = 0;
    std::int64_t place = start;
    for (std::int64_t i = 0; i < 2 * (node / orbits); ++i, place = (place + step) % node) {
      reach = places[static_cast<std::size_t>(place)] ? digit.size : reach - 1;
      if (reach > 0) result[static_cast<std::size_t>(place)] = true;
    }
  }
  return result;
}

Places base_places(const GroupFamily& family, int gpus_per_node) {
  Places places(static_cast<std::size_t>(gpus_per_node));
  places[static_cast<std::size_t>(family.first_rank() % gpus_per_node)] = true;
  for (const Digit& digit : family.grouping().outside()) places = moved(places, digit);
  return places;
}

/// The ranks of a group relative to its base, in ascending runs of ranks at one distance.
class Runs {
 public:
  explicit Runs(const GroupFamily& family) {
    if (!family.picked().empty()) {
      const RankList ranks = family.group(0);
      for (const int rank : ranks) picked_.push_back(rank - family.first_rank());
      std::sort(picked_.begin(), picked_.end());
      count_ = family.group_size();
      return;
    }
    const auto inside = family.grouping().inside();
    slower_.assign(inside.begin(), inside.end());
    std::sort(slower_.begin(), slower_.end(),
              [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
    if (!slower_.empty()) {
      run_ = slower_.front();
      slower_.erase(slower_.begin());
    }
    count_ = family.group_size() / run_.size;
  }

  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  /// The size and the stride that all runs have.
  [[nodiscard]] Digit run() const noexcept { return run_; }
  [[nodiscard]] std::int64_t first(std::int64_t run) const noexcept {
    if (!picked_.empty()) return picked_[static_cast<std::size_t>(run)];
    std::int64_t rank = 0;
    for (const Digit& digit : slower_) {
      rank += run % digit.size * digit.stride;
      run /= digit.size;
    }
    return rank;
  }

 private:
  Digit run_{};
  std::int64_t count_ = 1;
  std::vector<Digit> slower_;
  std::vector<int> picked_;
};

/// The nodes that a group touches.
int nodes_touched(const Runs& runs, std::int64_t base, std::int64_t gpus_per_node) {
  const Digit run = runs.run();
  std::int64_t count = 0;
  std::int64_t last_node = -1;
  for (std::int64_t i = 0; i < runs.count(); ++i) {
    const std::int64_t rank = base + runs.first(i);
    const std::int64_t first = rank / gpus_per_node;
    const std::int64_t last = (rank + (run.size - 1) * run.stride) / gpus_per_node;
    // Steps no longer than a node skip none; longer ones reach a new node each time.
    count += run.stride <= gpus_per_node ? last - first + 1 : run.size;
    count -= first == last_node ? 1 : 0;
    last_node = last;
  }
  return static_cast<int>(count);
}

/// Whether where a group lies in a node follows from its base alone: neither parts of other groups, which
/// begin at different places of those, nor a slice, which has some bases only.
bool follows_from_base(const GroupFamily& family) {
  return !family.positions() && family.group_count() == family.grouping().group_count();
}

/// Group by group: O(members * log(group size)).
NodeSpan span_of_all_groups(const GroupFamily& family, int gpus_per_node) {
  NodeSpan span{.fewest = std::numeric_limits<int>::max(), .most = 0};
  std::vector<int> nodes;
  for (int group = 0; group < family.group_count(); ++group) {
    const RankList ranks = family.group(group);
    nodes.clear();
    for (const int rank : ranks) nodes.push_back(rank / gpus_per_node);
    std::sort(nodes.begin(), nodes.end());
    const auto end = std::unique(nodes.begin(), nodes.end());
    span.fewest = std::min(span.fewest, static_cast<int>(end - nodes.begin()));
    span.most = std::max(span.most, static_cast<int>(end - nodes.begin()));
  }
  return span;
}

}  // namespace

NodeSpan node_span(const GroupFamily& family, int gpus_per_node) {
  if (!follows_from_base(family)) return span_of_all_groups(family, gpus_per_node);
  const Places places = base_places(family, gpus_per_node);
  const Runs runs(family);
  NodeSpan span{.fewest = std::numeric_limits<int>::max(), .most = 0};
  for (int place = 0; place < gpus_per_node; ++place) {
    if (!places[static_cast<std::size_t>(place)]) continue;
    const int nodes = nodes_touched(runs, place, gpus_per_node);
    span.fewest = std::min(span.fewest, nodes);
    span.most = std::max(span.most, nodes);
  }
  return span;
}

}  // namespace rankmesh::cli
