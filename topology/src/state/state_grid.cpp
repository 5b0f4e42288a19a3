#include "state/state_grid.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rankmesh {
namespace {

using Cuts = std::vector<std::int64_t>;

void make_unique(Cuts& cuts) {
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
}

/// The index of a cut that exists.
std::size_t index_of(const Cuts& cuts, std::int64_t cut) {
  return static_cast<std::size_t>(std::lower_bound(cuts.begin(), cuts.end(), cut) - cuts.begin());
}

auto order_of(const StateBlock& block) {
  return std::tuple(block.layers.first, block.layers.count, block.experts.first, block.experts.count,
                    block.interval.first, block.interval.count);
}

}  // namespace

StateGrid::StateGrid(std::size_t kind, std::vector<Held> held, const std::vector<StateBlock>& needed,
                     Holders& holders) {
  const auto cut_at = [&](const StateBlock& block) {
    layers_.insert(layers_.end(), {block.layers.first, block.layers.end()});
    experts_.insert(experts_.end(), {block.experts.first, block.experts.end()});
  };
  for (const Held& one : held) cut_at(one.block);
  for (const StateBlock& block : needed) cut_at(block);
  make_unique(layers_);
  make_unique(experts_);
  if (layers_.empty()) return;
  lines_.resize((layers_.size() - 1) * (experts_.size() - 1));

  // Equal blocks, for example those of ranks that hold a whole tensor, become one with several keys.
  std::sort(held.begin(), held.end(), [](const Held& a, const Held& b) {
    return std::tuple(order_of(a.block), a.key) < std::tuple(order_of(b.block), b.key);
  });
  std::vector<std::vector<int>> keys;
  for (std::size_t i = 0; i < held.size(); ++i) {
    const StateBlock& block = held[i].block;
    if (i > 0 && held[i - 1].block == block) {
      keys.back().push_back(held[i].key);
      continue;
    }
    keys.push_back({held[i].key});
    const int number = static_cast<int>(keys.size()) - 1;
    for (std::size_t l = index_of(layers_, block.layers.first); layers_[l] < block.layers.end(); ++l) {
      for (std::size_t e = index_of(experts_, block.experts.first); experts_[e] < block.experts.end(); ++e)
        lines_[line_at(l, e)].push_back({block.interval.first, block.interval.end(), number});
    }
  }

  for (Line& line : lines_) {
    std::sort(line.begin(), line.end(),
              [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
    Cuts cuts;
    for (const Interval& interval : line) cuts.insert(cuts.end(), {interval.begin, interval.end});
    make_unique(cuts);
    Line pieces;
    std::vector<Interval> open;
    auto next = line.begin();
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      std::erase_if(open, [&](const Interval& interval) { return interval.end <= cuts[i]; });
      for (; next != line.end() && next->begin == cuts[i]; ++next) open.push_back(*next);
      std::vector<int> all;
      for (const Interval& interval : open) {
        const std::vector<int>& some = keys[static_cast<std::size_t>(interval.holders)];
        all.insert(all.end(), some.begin(), some.end());
      }
      if (all.empty()) continue;
      const int list = holders.list_of(kind, std::move(all));
      if (list != Holders::none) pieces.push_back({cuts[i], cuts[i + 1], list});
    }
    line = std::move(pieces);
  }
}

void StateGrid::add_pieces(const StateBlock& block, std::vector<Piece>& pieces) const {
  for (std::size_t l = index_of(layers_, block.layers.first); layers_[l] < block.layers.end(); ++l) {
    for (std::size_t e = index_of(experts_, block.experts.first); experts_[e] < block.experts.end(); ++e) {
      const Line& line = lines_[line_at(l, e)];
      std::int64_t begin = block.interval.first;
      const auto add = [&](std::int64_t end, int holders) {
        if (begin >= end) return;
        pieces.push_back({{.layers = {layers_[l], layers_[l + 1] - layers_[l]},
                           .experts = {experts_[e], experts_[e + 1] - experts_[e]},
                           .interval = {begin, end - begin}},
                          holders});
        begin = end;
      };
      auto piece = std::upper_bound(line.begin(), line.end(), begin,
                                    [](std::int64_t at, const Interval& i) { return at < i.end; });
      for (; piece != line.end() && piece->begin < block.interval.end(); ++piece) {
        add(piece->begin, Holders::none);
        add(std::min(piece->end, block.interval.end()), piece->holders);
      }
      add(block.interval.end(), Holders::none);
    }
  }
}

}  // namespace rankmesh
