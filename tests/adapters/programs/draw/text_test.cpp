// Text formats: pictures for terminals, input for Graphviz, the HTML page.
#include <set>

#include "adapters/programs/rankmesh/support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::string without_colour(std::string text) {
  for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b', at)) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  return text;
}

}  // namespace

TEST_CASE("pictures for terminals fit 100 columns") {
  for (const std::string options :
       {"--world-size 16 --tp 2 --pp 4 --fp8", "--world-size 1024 --tp 8 --pp 16",
        "--world-size 1000 --tp 5 --pp 2", "--world-size 96 --tp 2 --gpus-per-node 8",
        "--world-size 96 --gpus-per-node 72", "--world-size 7", "--world-size 2147483647",
        "--world-size 1048576 --tp 8 --pp 16 --gpus-per-node 8 --kind sequence",
        "--world-size 256 --convention megatron-core --tp 2 --pp 2 --cp 2 --ep 8 --optimizer-instances 2"}) {
    INFO(options);
    const Outcome outcome = run_line("draw " + options);
    CHECK(outcome.status == cli::success);
    for (const std::string& line : lines_of(outcome.out)) {
      INFO(line);
      CHECK(line.size() <= 100);
    }
  }
}

TEST_CASE("colour does not change the text") {
  for (const std::string line :
       {"draw --world-size 64 --tp 2 --pp 4", "draw --world-size 4096 --gpus-per-node 8"}) {
    const std::string plain = run_line(line).out;
    const std::string coloured = run_line(line, {.out = true}).out;
    CHECK(plain.find('\x1b') == std::string::npos);
    CHECK_THAT(coloured, ContainsSubstring("\x1b[48;5;"));
    CHECK(without_colour(coloured) == plain);
    for (const std::string format : {"svg", "html", "dot"}) {
      CHECK(run_line(line + " --format " + format, {.out = true}).out.find('\x1b') == std::string::npos);
    }
  }
}

TEST_CASE("Graphviz input has each rank once, in clusters, and edges in the order of the members") {
  const std::string by_group =
      run_line("draw --world-size 16 --tp 2 --pp 4 --kind pipeline --format dot").out;
  CHECK(count(by_group, "[label=") == 16);
  CHECK(count(by_group, "label=\"group ") == 4);
  CHECK_THAT(by_group, ContainsSubstring("pipeline_1 -- pipeline_5 -- pipeline_9 -- pipeline_13 "));
  const std::string by_node =
      run_line("draw --world-size 16 --tp 2 --pp 4 --gpus-per-node 4 --kind data --kind tensor --format dot")
          .out;
  CHECK(count(by_node, "[label=") == 32);
  CHECK(count(by_node, "label=\"node ") == 8);
  CHECK_THAT(by_node, ContainsSubstring("data_13 -- data_15 "));
  // The order of the members, also where it is not the order of the ranks.
  const std::string joined =
      run_line(
          "draw --world-size 16 --convention megatron-core --tp 2 --pp 2 --ep 2 --order tp-cp-ep-dp-pp "
          "--optimizer-instances 2 --kind intra_optimizer_instance --format dot")
          .out;
  const std::string lists =
      run_line(
          "groups --world-size 16 --convention megatron-core --tp 2 --pp 2 --ep 2 --order "
          "tp-cp-ep-dp-pp --optimizer-instances 2 --kind intra_optimizer_instance --format csv")
          .out;
  std::istringstream ranks(lists.substr(lists.find(",0,") + 3));
  std::string edges;
  std::string line;
  std::getline(ranks, line);
  for (const std::string& rank : split(line))
    edges += (edges.empty() ? "" : " -- ") + ("intra_optimizer_instance_" + rank);
  CHECK_THAT(joined, ContainsSubstring(edges + " ["));
}

TEST_CASE("custom meshes are drawn") {
  const std::string mesh = "mesh --axes tp=2,dp=3 --groups dp,tp@dp=1 --format ";
  CHECK_THAT(run_line(mesh + "svg").out, ContainsSubstring("aria-label=\"dp: 2 groups of 3\""));
  CHECK_THAT(run_line(mesh + "html").out, ContainsSubstring("\"name\":\"tp_dp1\""));
  CHECK_THAT(run_line(mesh + "dot").out, ContainsSubstring("dp_0 -- dp_2 -- dp_4"));
  CHECK_THAT(run_line(mesh + "ascii").out, ContainsSubstring("2 groups of 3"));
}

TEST_CASE("the page is one file that loads nothing") {
  const std::string page = run_line("draw --world-size 16 --tp 2 --pp 4 --format html").out;
  CHECK_THAT(page, ContainsSubstring("Content-Security-Policy\" content=\"default-src 'none'"));
  for (const char* part : {"http://", "https://", "src=\"", "@import", "url(", "<link"}) {
    INFO(part);
    CHECK(page.find(part) == std::string::npos);
  }
  CHECK(page == run_line("draw --world-size 16 --tp 2 --pp 4 --format html").out);
  // The page has formulas instead of lists, so its size does not grow with the world.
  CHECK(run_line("draw --world-size 1048576 --tp 8 --pp 16 --format html").out.size() < page.size() + 1000);
}
