#include "rankmesh/topology/reshard.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "state/holders.hpp"
#include "state/state_grid.hpp"
#include "state/state_map.hpp"

namespace rankmesh {
namespace {

using Dimension = IndexRange StateBlock::*;

auto order_of(const IndexRange& range) {
  return std::pair(range.first, range.count);
}

/// Joins moves of one class to one rank that follow each other in a dimension and are else equal.
void join_along(Dimension along, std::array<Dimension, 2> others, std::vector<StateMove>& moves) {
  const auto order = [&](const StateMove& move) {
    return std::tuple(move.from, order_of(move.block.*others[0]), order_of(move.block.*others[1]),
                      (move.block.*along).first);
  };
  std::sort(moves.begin(), moves.end(),
            [&](const StateMove& a, const StateMove& b) { return order(a) < order(b); });
  std::size_t last = 0;
  for (std::size_t i = 1; i < moves.size(); ++i) {
    StateMove& before = moves[last];
    const StateMove& move = moves[i];
    const bool follows = before.from == move.from && before.block.*others[0] == move.block.*others[0] &&
                         before.block.*others[1] == move.block.*others[1] &&
                         (before.block.*along).end() == (move.block.*along).first;
    if (follows) {
      (before.block.*along).count += (move.block.*along).count;
    } else {
      moves[++last] = move;
    }
  }
  if (!moves.empty()) moves.resize(last + 1);
}

void join(std::vector<StateMove>& moves) {
  constexpr Dimension layers = &StateBlock::layers;
  constexpr Dimension experts = &StateBlock::experts;
  constexpr Dimension interval = &StateBlock::interval;
  join_along(interval, {layers, experts}, moves);
  join_along(experts, {layers, interval}, moves);
  join_along(layers, {experts, interval}, moves);
  std::sort(moves.begin(), moves.end(), [](const StateMove& a, const StateMove& b) {
    const auto order = [](const StateMove& move) {
      return std::tuple(move.block.layers.first, move.block.experts.first, move.block.interval.first);
    };
    return order(a) < order(b);
  });
}

/// The grid of each class.
std::vector<StateGrid> make_grids(const StateMap& from, const StateMap& to,
                                  std::span<const StateClass> classes, Holders& holders) {
  std::vector<std::vector<StateGrid::Held>> held(classes.size());
  std::vector<std::vector<StateBlock>> needed(classes.size());
  for (std::size_t kind = 0; kind < StateMap::key_kinds; ++kind) {
    for (int key = 0; key < from.keys(kind); ++key) {
      const auto blocks = from.blocks(kind, key);
      for (std::size_t state = 0; state < classes.size(); ++state) {
        for (const StateBlock& block : blocks[state]) held[state].push_back({block, key});
      }
    }
    for (int key = 0; key < to.keys(kind); ++key) {
      const auto blocks = to.blocks(kind, key);
      for (std::size_t state = 0; state < classes.size(); ++state)
        needed[state].insert(needed[state].end(), blocks[state].begin(), blocks[state].end());
    }
  }
  std::vector<StateGrid> grids;
  for (std::size_t state = 0; state < classes.size(); ++state)
    grids.emplace_back(StateMap::key_kind(classes[state]), std::move(held[state]), needed[state], holders);
  return grids;
}

/// Plans what one rank after another receives.
class Planner {
 public:
  Planner(std::span<const StateClass> classes, const ReshardOptions& options, Holders& holders,
          Resharding& result)
      : classes_(classes),
        options_(options),
        holders_(holders),
        result_(result) {}

  /// @param pieces what the rank needs of a class
  void receive(int rank, std::size_t state, std::vector<StateGrid::Piece>& pieces) {
    const int process =
        options_.old_rank_of_rank.empty() ? rank : options_.old_rank_of_rank[static_cast<std::size_t>(rank)];
    // The pieces of one list of holders come from one of them.
    std::stable_sort(pieces.begin(), pieces.end(), [](const StateGrid::Piece& a, const StateGrid::Piece& b) {
      return a.holders < b.holders;
    });
    moves_.clear();
    StateBytes bytes;
    for (auto begin = pieces.begin(); begin != pieces.end();) {
      std::int64_t size = 0;
      auto end = begin;
      for (; end != pieces.end() && end->holders == begin->holders; ++end) size += end->block.size();
      size *= classes_[state].step_bytes();
      std::optional<int> from;
      if (begin->holders == Holders::none) {
        bytes.from_checkpoint += size;
      } else if (holders_.holds(begin->holders, process)) {
        bytes.kept += size;
        begin = end;
        continue;
      } else {
        from = holders_.choose(begin->holders, process, size);
        bytes.moved += size;
        count_level(*from, process, size);
      }
      for (; begin != end; ++begin) moves_.push_back({state, begin->block, from, rank});
    }
    join(moves_);
    result_.moves.insert(result_.moves.end(), moves_.begin(), moves_.end());
    for (StateBytes* sum :
         {&result_.total, &result_.of_class[state], &result_.of_rank[static_cast<std::size_t>(rank)]}) {
      sum->moved += bytes.moved;
      sum->kept += bytes.kept;
      sum->from_checkpoint += bytes.from_checkpoint;
    }
  }

 private:
  void count_level(int from, int to, std::int64_t bytes) {
    if (!options_.places) return;
    const Placement& placement = options_.places->placement;
    const auto level = options_.places->cluster.distance(placement.slot_of(from), placement.slot_of(to));
    if (level) result_.of_level[*level] += bytes;
  }

  std::span<const StateClass> classes_;
  const ReshardOptions& options_;
  Holders& holders_;
  Resharding& result_;
  std::vector<StateMove> moves_;
};

}  // namespace

Resharding reshard(const StateLayout& from, const StateLayout& to, std::span<const StateClass> classes,
                   const ReshardOptions& options) {
  if (auto found = check_reshard(from, to, classes, options); !found.empty())
    throw ConfigError(std::move(found));
  const StateMap before(from, classes);
  const StateMap after(to, classes);
  Holders holders(before, options.lost, options.places ? &*options.places : nullptr);
  const std::vector<StateGrid> grids = make_grids(before, after, classes, holders);

  Resharding result;
  result.of_class.resize(classes.size());
  result.of_rank.resize(static_cast<std::size_t>(after.world_size()));
  if (options.places) result.of_level.resize(options.places->cluster.level_count());
  Planner planner(classes, options, holders, result);
  std::vector<StateGrid::Piece> pieces;
  for (int rank = 0; rank < after.world_size(); ++rank) {
    if (!after.contains(rank)) continue;
    std::array<std::vector<std::vector<StateBlock>>, StateMap::key_kinds> needed;
    for (std::size_t kind = 0; kind < StateMap::key_kinds; ++kind)
      needed[kind] = after.blocks(kind, after.key_of(kind, rank));
    for (std::size_t state = 0; state < classes.size(); ++state) {
      pieces.clear();
      for (const StateBlock& block : needed[StateMap::key_kind(classes[state])][state])
        grids[state].add_pieces(block, pieces);
      planner.receive(rank, state, pieces);
    }
  }
  result.sent = std::move(holders.sent());
  return result;
}

}  // namespace rankmesh
