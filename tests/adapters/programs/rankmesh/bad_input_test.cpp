#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("bad input prints all problems on the standard error and nothing on the standard output") {
  const std::string line = GENERATE(
      "", "bogus", "groups", "groups --world-size 0", "groups --world-size -16",
      "groups --world-size 16 --tp 3", "groups --world-size sixteen",
      "groups --world-size 99999999999999999999", "groups --world-size 16 --bogus",
      "groups --world-size 16 --kind bogus", "groups --world-size 16 --kind amax",
      "groups --world-size 16 --kind", "groups --world-size 16 --format bogus",
      "groups --world-size 16 --format", "groups --world-size 16 16",
      "groups --world-size 16 --world-size 16", "groups --world-size 16 --all=yes",
      "groups --world-size 16 --tp", "rank --world-size 16", "rank 16 --world-size 16",
      "rank x --world-size 16", "rank 1 --world-size 16 --format csv", "rank 1 --world-size 16 --layers 0",
      "rank 1 --world-size 16 --pp 4 --layers 6", "show --world-size 16 --all",
      "show --world-size 16 --gpus-per-node 0", "show --world-size 16 --gpus-per-node 65537",
      "show --format json --world-size 16", "show -1 --world-size 16", "show --world-size 16 -- --tp",
      "show --world-size=", "groups ++ --world-size 4", "draw", "draw --world-size 16 --format text",
      "draw --world-size 16 --kind", "draw --world-size 16 --all", "mesh --axes tp=2 --format png");
  INFO(line);
  const Outcome outcome = run_line(line);
  CHECK(outcome.status == cli::bad_input);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with("error: "));
}

TEST_CASE("every problem of a command line is reported") {
  const Outcome outcome = run_line(
      "groups --world-size 16 --tp 3 --pp 0 --sp x --split-rank -1 --amax-rule y --kind z --format w "
      "--bogus");
  CHECK(outcome.status == cli::bad_input);
  CHECK(count(outcome.err, "error: ") == 8);
  for (const char* option : {"--tp: ", "--pp: ", "--sp: ", "--split-rank: ", "--amax-rule: ", "--kind: ",
                             "--format: ", "--bogus"}) {
    CHECK_THAT(outcome.err, ContainsSubstring(option));
  }
}

TEST_CASE("negative numbers are values") {
  CHECK_THAT(run_line("show --world-size 4 --tp -1").err, ContainsSubstring("--tp: tensor = -1 is below 1"));
  CHECK_THAT(run_line("show --world-size 4 --tp=-1").err, ContainsSubstring("--tp: tensor = -1 is below 1"));
  CHECK_THAT(run_line("rank -3 --world-size 4").err, ContainsSubstring("rank -3 does not exist"));
}

TEST_CASE("a value with a space or without a letter does not affect other options") {
  const Outcome spaced = run_words({"show", "--world-size", "4", "--tp", "2 pp=2"});
  CHECK(spaced.status == cli::bad_input);
  CHECK_THAT(spaced.err, ContainsSubstring("--tp: tensor = \"2 pp=2\" has a space in it"));
  const Outcome empty = run_words({"show", "--world-size", "4", "--tp", ""});
  CHECK(empty.status == cli::bad_input);
  CHECK_THAT(empty.err, ContainsSubstring("--tp: tensor has no value"));
  CHECK(run_words({"", "show"}).status == cli::bad_input);
}

TEST_CASE("a kind that is given twice is printed once") {
  CHECK(run_line("groups --world-size 2 --kind data --kind data --format csv").out ==
        "kind,group,ranks\ndata,0,0 1\n");
}
