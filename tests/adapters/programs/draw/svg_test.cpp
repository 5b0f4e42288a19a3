#include <map>
#include <set>

#include "adapters/programs/rankmesh/support.hpp"
#include "picture.hpp"
#include "pictures.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

std::string svg_of(const std::string& options) {
  const Outcome outcome = run_line("draw --format svg " + options);
  REQUIRE(outcome.status == cli::success);
  return outcome.out;
}

/// Layouts of all kinds, each with its configuration.
struct Layout {
  std::string options;
  ParallelConfig config;
};

std::vector<Layout> layouts() {
  constexpr auto core = Convention::megatron_core;
  return {
      {"--world-size 8 --tp 2 --pp 2", {.world_size = 8, .tensor = 2, .pipeline = 2}},
      {"--world-size 16 --tp 2 --pp 4 --fp8", {.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true}},
      {"--world-size 96 --tp 4 --pp 3 --gpus-per-node 8", {.world_size = 96, .tensor = 4, .pipeline = 3}},
      {"--world-size 60 --sp 5 --convention extended --tp 2 --gpus-per-node 9",
       {.world_size = 60, .tensor = 2, .sequence = 5, .convention = Convention::extended}},
      {"--world-size 1024 --tp 8 --pp 16 --gpus-per-node 8",
       {.world_size = 1024, .tensor = 8, .pipeline = 16}},
      {"--world-size 256 --convention megatron-core --tp 2 --pp 2 --cp 2 --ep 8 --optimizer-instances 2",
       {.world_size = 256,
        .tensor = 2,
        .pipeline = 2,
        .convention = core,
        .context = 2,
        .expert = 8,
        .optimizer_instances = 2}},
      {"--world-size 64 --convention megatron-core --tp 4 --pp 2 --order pp-dp-tp --rank-offset 20 "
       "--job-size 100 "
       "--gpus-per-node 8",
       {.world_size = 64,
        .tensor = 4,
        .pipeline = 2,
        .convention = core,
        .order = "pp-dp-tp",
        .rank_offset = 20,
        .job_size = 100}},
  };
}

}  // namespace

TEST_CASE("a picture shows each rank once for each kind, in its group") {
  for (const auto& [options, config] : layouts()) {
    const Topology topology(config);
    const auto kinds = read_svg(svg_of(options));
    CHECK(kinds.size() >= 3);
    for (const DrawnKind& kind : kinds) {
      INFO(options << ", " << kind.name);
      const GroupFamily& family = topology.family(GroupKind(kind.name));
      std::set<int> ours;
      std::set<std::pair<int, int>> places;
      for (const Cell& cell : kind.cells) {
        places.insert({cell.x, cell.y});
        if (!topology.contains(cell.rank)) continue;
        ours.insert(cell.rank);
        const auto place = family.locate(cell.rank);
        CHECK(cell.group == (place ? std::optional(place->group) : std::nullopt));
      }
      CHECK(ours.size() == static_cast<std::size_t>(topology.layout_size()));
      CHECK(places.size() == kind.cells.size());
      CHECK(kind.cells.size() >= ours.size());
    }
  }
}

TEST_CASE("all ranks of a group have one look, and neighbouring groups have different looks") {
  for (const auto& [options, config] : layouts()) {
    for (const DrawnKind& kind : read_svg(svg_of(options))) {
      INFO(options << ", " << kind.name);
      std::map<int, std::string> looks;
      std::map<std::pair<int, int>, const Cell*> grid;
      for (const Cell& cell : kind.cells) {
        grid[{cell.x, cell.y}] = &cell;
        CHECK(cell.group.has_value() == !cell.look.starts_with("none"));
        if (cell.group) CHECK(looks.emplace(*cell.group, cell.look).first->second == cell.look);
      }
      std::set<std::string> different;
      for (const auto& [group, look] : looks) different.insert(look);
      CHECK(different.size() == std::min<std::size_t>(looks.size(), cli::colour_count * cli::mark_count));
      // The next cell to the right and the next one below, across gaps and nodes.
      int pairs = 0;
      for (const auto& [place, cell] : grid) {
        auto right = grid.upper_bound(place);
        while (right != grid.end() && right->first.second != place.second) ++right;
        const Cell* below = nullptr;
        if (const auto next = std::next(grid.find(place));
            next != grid.end() && next->first.first == place.first) {
          below = next->second;
        }
        for (const Cell* other : {right == grid.end() ? nullptr : right->second, below}) {
          if (other == nullptr || !other->group || !cell->group || other->group == cell->group) continue;
          ++pairs;
          CHECK(other->look != cell->look);
        }
      }
      CHECK((pairs > 0 || looks.size() == 1));
    }
  }
}

TEST_CASE("pictures are well-formed and reproducible") {
  for (const auto& [options, config] : layouts()) {
    const std::string svg = svg_of(options);
    CHECK(malformed(svg).empty());
    CHECK(svg == svg_of(options));
    for (const char* part :
         {"role=\"img\"", "aria-labelledby=", "<title", "<desc", "prefers-color-scheme:dark"}) {
      CHECK_THAT(svg, ContainsSubstring(part));
    }
  }
  CHECK(malformed("<a><b x=\"1\"/></a>").empty());
  CHECK_FALSE(malformed("<a><b></a>").empty());
  CHECK_FALSE(malformed("<a x=1></a>").empty());
  CHECK_FALSE(malformed("<a>").empty());
}

TEST_CASE("large worlds are drawn in part and in outline, with a bounded size") {
  for (const std::string world : {"1025", "1048576 --tp 8 --pp 16 --gpus-per-node 8", "2147483647",
                                  "1073741824 --tp 65536 --gpus-per-node 65536 --fp8"}) {
    const std::string options = "--world-size " + world;
    for (const std::string format : {"svg", "html", "dot", "ascii"}) {
      INFO(options << ", " << format);
      const Outcome outcome = run_line("draw " + options + " --format " + format);
      CHECK(outcome.status == cli::success);
      CHECK(outcome.out.size() < 2000000);
    }
    const std::string svg = svg_of(options);
    CHECK_THAT(svg, ContainsSubstring("Drawn one by one: the ranks 0 .. 255."));
    CHECK_THAT(svg, ContainsSubstring("The outline has all"));
    CHECK(read_svg(svg).front().cells.size() == cli::ranks_of_part);
  }
  CHECK_THAT(svg_of("--world-size 1024"), !ContainsSubstring("The outline has all"));
  CHECK_THAT(svg_of("--world-size 1025"),
             ContainsSubstring("ranks 1020 .. 1024: 5 of the 1025 members of group 0"));
}

TEST_CASE("the kinds of the request are drawn; without, kinds with several members") {
  const auto names = [](const std::string& options) {
    std::string text;
    for (const DrawnKind& kind : read_svg(svg_of("--world-size 16 --tp 2 --pp 4 " + options)))
      text += kind.name + " ";
    return text;
  };
  CHECK(names("") == "data model tensor pipeline embedding ");
  CHECK(names("--kind sequence") == "sequence ");
  CHECK(names("--kind tp --kind sequence_data --kind data") == "data sequence_data tensor ");
  CHECK(names("--names short") == "dp mp tp pp embd ");
  CHECK_FALSE(read_svg(svg_of("--world-size 1")).empty());
}

TEST_CASE("groups that cross nodes are marked") {
  const std::string svg = svg_of("--world-size 64 --tp 8 --pp 4 --gpus-per-node 8");
  CHECK_THAT(svg, ContainsSubstring("aria-label=\"tensor: 8 groups of 8, on 1 node each\""));
  CHECK_THAT(
      svg, ContainsSubstring("<text class=\"note crosses\" y=\"31\">16 groups of 4, on 4 nodes each</text>"));
  CHECK_THAT(svg, ContainsSubstring(">node 7</text>"));
}
