// The places and colours of ranks, and the outline of a world.
#include <map>
#include <set>

#include "blocks.hpp"
#include "colouring.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"
#include "tiling.hpp"

using namespace rankmesh;
using namespace rankmesh::cli;

TEST_CASE("every cell has a spot of its own inside the grid") {
  for (const int count : {1, 2, 7, 8, 12, 16, 30, 64, 97, 256, 1000, 1024}) {
    for (const int box : {0, 1, 3, 4, 8, 72, 5000}) {
      TilingRequest request{.count = count, .periods = {1, 2, 4}};
      if (box > 0) request.box = box;
      const Tiling tiling(request);
      std::set<std::pair<int, int>> spots;
      const Spot end = tiling.extent();
      for (int cell = 0; cell < count; ++cell) {
        const Spot spot = tiling.spot(cell);
        CHECK((spot.column < end.column && spot.row < end.row));
        CHECK((spot.column_gaps <= end.column_gaps && spot.row_gaps <= end.row_gaps));
        spots.insert({spot.column, spot.row});
      }
      INFO(count << " in boxes of " << box);
      CHECK(spots.size() == static_cast<std::size_t>(count));
      CHECK(tiling.columns() <= 64);
    }
  }
}

TEST_CASE("lines end where axes end") {
  // 16 ranks, tp = 2, dp = 2, pp = 4: a line is a stage.
  const Tiling example({.count = 16, .periods = {1, 2, 4}});
  CHECK(example.columns() == 4);
  CHECK(example.spot(6) == Spot{.column = 2, .row = 1, .column_gaps = 1, .row_gaps = 0});
  // 24 ranks, tp = 2, dp = 4, pp = 3.
  CHECK(Tiling({.count = 24, .periods = {1, 2, 8}}).columns() == 8);
  // 1024 ranks, tp = 8, dp = 8, pp = 16: stages of two lines, with a gap between them.
  const Tiling large({.count = 1024, .periods = {1, 8, 64}});
  CHECK(large.columns() == 32);
  CHECK(large.row_gaps() == std::vector<int>{2});
}

TEST_CASE("no axis begins inside a line where axes fit lines") {
  for (const int tensor : {1, 2, 3, 4, 8}) {
    for (const int data : {1, 2, 3, 5, 8}) {
      for (const int pipeline : {2, 3, 4, 6}) {
        const int stage = tensor * data;
        const Tiling tiling({.count = stage * pipeline, .periods = {1, tensor, stage}});
        const int line = tiling.columns();
        INFO(tensor << " x " << data << " x " << pipeline << " in lines of " << line);
        for (const int period : {tensor, stage}) CHECK((line % period == 0 || period % line == 0));
      }
    }
  }
}

TEST_CASE("the extent of a grid includes the gaps") {
  for (const int count : {256, 1024}) {
    const Tiling tiling({.count = count, .periods = {1, 8, 64}});
    REQUIRE_FALSE(tiling.row_gaps().empty());
    CHECK(tiling.extent().row_gaps == tiling.spot(count - 1).row_gaps);
  }
}

TEST_CASE("a box is filled before the next one begins") {
  const Tiling tiling({.count = 20, .box = 4});
  CHECK(tiling.box_count() == 5);
  CHECK(tiling.box_columns() == 4);
  for (int cell = 0; cell < 20; ++cell) CHECK(tiling.spot(cell).column % 4 == cell % 4);
}

TEST_CASE("grids are not wider than allowed") {
  for (const int most : {1, 2, 5, 9}) {
    CHECK(Tiling({.count = 100, .periods = {1, 10}, .max_columns = most}).columns() <= most);
    CHECK(Tiling({.count = 100, .box = 8, .max_columns = most}).columns() <= most);
  }
}

TEST_CASE("blocks cover all ranks and begin where axes begin") {
  for (const std::int64_t ranks : {1025LL, 4096LL, 100000LL, 1048576LL, 2147483647LL}) {
    const Blocks blocks = blocks_of(0, ranks, 256, {1, 8, 64});
    CHECK(blocks.count() <= 256);
    CHECK(blocks.count() > 16);
    CHECK(blocks.count() * blocks.size >= ranks);
    CHECK((blocks.count() - 1) * blocks.size < ranks);
  }
  CHECK(blocks_of(0, 4096, 256, {1, 8, 256}).size == 16);
}

TEST_CASE("the members in each block, counted one by one") {
  const std::vector<ParallelConfig> configs{
      {.world_size = 4096, .tensor = 8, .pipeline = 16, .fp8 = true},
      {.world_size = 1536, .tensor = 2, .pipeline = 3, .split_rank = 1},
      {.world_size = 2048,
       .tensor = 2,
       .pipeline = 4,
       .convention = Convention::megatron_core,
       .context = 2,
       .expert = 8,
       .optimizer_instances = 2,
       .rank_offset = 100,
       .job_size = 3000},
  };
  for (const ParallelConfig& config : configs) {
    const Topology topology(config);
    const Blocks blocks = blocks_of(topology.first_rank(), topology.layout_size(), 256, {1, 2});
    for (const KindFamily& kind : topology.kinds()) {
      INFO(kind.kind.name());
      for (const int group : {0, kind.family.group_count() - 1}) {
        std::vector<std::int64_t> expected(static_cast<std::size_t>(blocks.count()));
        for (const int rank : kind.family.group(group)) {
          ++expected[static_cast<std::size_t>((rank - blocks.first) / blocks.size)];
        }
        CHECK(members_in(blocks, kind.family, group) == expected);
      }
    }
  }
}

TEST_CASE("neighbouring groups have different looks, whatever the number of groups") {
  for (const int count : {100, 256, 576, 1000}) {
    const Tiling tiling({.count = count});
    std::map<std::pair<int, int>, int> grid;
    for (int cell = 0; cell < count; ++cell) {
      grid[{tiling.spot(cell).column, tiling.spot(cell).row}] = cell;
    }
    for (int groups = 26; groups <= count; groups += 1 + groups / 8) {
      std::vector<std::optional<int>> of_cells;
      for (int i = 0; i < count; ++i) of_cells.emplace_back(i * 7 % groups);
      const Colouring colouring(of_cells, tiling);
      INFO(count << " cells, " << groups << " groups");
      int equal = 0;
      for (const auto& [place, cell] : grid) {
        const auto group = *of_cells[static_cast<std::size_t>(cell)];
        for (const auto& beside :
             {std::pair(place.first + 1, place.second), std::pair(place.first, place.second + 1)}) {
          const auto found = grid.find(beside);
          if (found == grid.end()) continue;
          const auto other = *of_cells[static_cast<std::size_t>(found->second)];
          if (other != group && colouring.look(other) == colouring.look(group)) ++equal;
        }
      }
      CHECK(equal == 0);
    }
  }
}

TEST_CASE("each group has its own look while there are enough") {
  for (const int groups : {1, 8, 24, 25}) {
    const Tiling tiling({.count = 100});
    std::vector<std::optional<int>> of_cells;
    for (int i = 0; i < 100; ++i) of_cells.emplace_back(i * 7 % groups);
    const Colouring colouring(of_cells, tiling);
    CHECK(colouring.is_unique() == (groups <= colour_count * mark_count));
    for (int i = 0; i < groups; ++i) {
      for (int j = 0; j < i; ++j) {
        if (groups <= colour_count * mark_count) CHECK_FALSE(colouring.look(i) == colouring.look(j));
      }
      // Looks with bars are used only when all colours are used.
      if (groups <= colour_count) CHECK(colouring.look(i).mark == 0);
    }
  }
}
