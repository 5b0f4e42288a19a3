#include <algorithm>
#include <sstream>
#include <string_view>

#include "command.hpp"
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

/// The words of a help text that begin with two dashes.
std::vector<std::string> options_in(const std::string& help) {
  std::vector<std::string> options;
  for (std::string word : split(help)) {
    while (!word.empty() && std::string_view(",.;)").find(word.back()) != std::string_view::npos)
      word.pop_back();
    if (word.starts_with("--") && word.size() > 2) options.push_back(word);
  }
  return options;
}

bool has_control_characters(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7f || byte == 0x9b;
  });
}

/// Whether each line is one that the program writes.
bool has_own_lines_only(const std::string& messages) {
  std::istringstream lines(messages);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("error: ") && !line.starts_with("warning: ") && !line.starts_with("See "))
      return false;
  }
  return true;
}

}  // namespace

TEST_CASE("control characters and newlines of a command line never reach the output") {
  const std::string forged = "x\nerror: forged\x1b[31m\x9b";
  const std::vector<std::string> commands{"groups",     "rank",        "show",    "draw",    "mesh",
                                          "translate",  "diff",        "check",   "modules", "export",
                                          "completion", "conventions", "cluster", "place"};
  std::vector<std::vector<std::string>> lines{{forged}, {"--" + forged}};
  for (const std::string& command : commands) {
    const std::size_t before = lines.size();
    for (const std::string& option : options_in(run_line(command + " --help").out)) {
      lines.push_back({command, option, forged});
      lines.push_back({command, "--world-size", "16", option + "=" + forged});
    }
    // At least --help and one more option, or else the help text was not understood.
    CHECK(lines.size() - before >= 2);
    lines.push_back({command, forged});
    lines.push_back({command, "--" + forged});
    lines.push_back({command, forged, forged, "--world-size", "16"});
  }
  for (const auto& words : lines) {
    const Outcome outcome = run_words(words);
    INFO(words[0] << " " << (words.size() > 1 ? words[1] : "") << "\n" << outcome.err);
    CHECK_FALSE(has_control_characters(outcome.out));
    CHECK_FALSE(has_control_characters(outcome.err));
    CHECK(has_own_lines_only(outcome.err));
  }
}

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
      "show --format csv --world-size 16", "show -1 --world-size 16", "show --world-size 16 -- --tp",
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

TEST_CASE("for every misspelt choice of every option, the right word is suggested") {
  int misspelt = 0;
  for (const auto& command : cli::all_commands()) {
    for (const cli::Option& option : command->added_options()) {
      for (const cli::Choice& choice : option.spec().choices) {
        // Of shorter words, no letter may be wrong.
        if (choice.name.size() < 4) continue;
        std::string wrong = choice.name;
        std::swap(wrong[1], wrong[2]);
        if (wrong == choice.name) wrong.erase(1, 1);
        std::vector<std::string> line{command->name()};
        if (!option.is_argument()) line.push_back(option.name());
        line.push_back(wrong);
        const Outcome ran = run_words(line);
        INFO(command->name() << " " << option.name() << " " << wrong << "\n" << ran.err);
        CHECK(ran.status == 2);
        const std::size_t found = ran.err.find("; did you mean ");
        REQUIRE(found != std::string::npos);
        CHECK(ran.err.find(choice.name, found) != std::string::npos);
        ++misspelt;
      }
    }
  }
  CHECK(misspelt > 60);
}

TEST_CASE("a misspelt option is not missing too") {
  for (const std::string line :
       {"show --world_size 16", "show --world-siz 16", "groups --worldsize=16", "show --world 16",
        "mesh --axis tp=2", "translate 'tp=2' --form megatron --to rankmesh"}) {
    const Outcome ran = run_line(line);
    INFO(ran.err);
    CHECK(ran.status == 2);
    CHECK(count(ran.err, "error: ") == 1);
    CHECK(count(ran.err, "did you mean --") == 1);
  }
  // The rules that read it are not applied.
  CHECK(count(run_line("show --world-size 8 --tp 3 --ppp 5").err, "error: ") == 2);
}
