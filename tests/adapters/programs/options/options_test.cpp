#include "rankmesh/options/options.hpp"

#include "adapters/programs/rankmesh/support.hpp"
#include "rankmesh/options/suggestions.hpp"
#include "support/catch.hpp"

using namespace rankmesh::cli;
using namespace rankmesh::tests;

namespace {

constexpr std::array<std::string_view, 2> choices{"text", "json"};

/// A program with one option of each sort.
struct Fixture {
  CLI::App app{"A program", "program"};
  CLI::Option* size = add_value(app, {.name = "--size", .value_name = "N", .description = "a size"});
  CLI::Option* fast = add_switch(app, {.name = "--fast", .description = "be fast"});
  Problems problems{};

  Parsed parse_line(const std::string& line) {
    set_help_style(app);
    return parse(app, split(line));
  }
};

}  // namespace

TEST_CASE("a number is read within its range") {
  Fixture f;
  const auto [text, problem] = GENERATE(table<std::string, std::string>(
      {{"3", ""},
       {"0", "--size: 0 is below 1"},
       {"-4", "--size: -4 is below 1"},
       {"9", "--size: 9 is above 8"},
       {"3x", "--size: 3x is not a whole number"},
       {"99999999999999999999", "--size: 99999999999999999999 is beyond 64 bits"}}));
  CHECK(f.parse_line("--size " + text).problems.empty());
  const auto number = number_of(*f.size, {.min = 1, .max = 8}, f.problems);
  if (problem.empty()) {
    CHECK(number == 3);
    CHECK(f.problems.empty());
  } else {
    CHECK(number == std::nullopt);
    CHECK(f.problems == Problems{problem});
  }
}

TEST_CASE("a decimal number is read within its range") {
  Fixture f;
  const auto [text, problem] =
      GENERATE(table<std::string, std::string>({{"0.25", ""},
                                                {"2.5e-1", ""},
                                                {"-1", "--size: -1 is below 0"},
                                                {"nan", "--size: nan is below 0"},
                                                {"2", "--size: 2 is above 1.5"},
                                                {"1,5", "--size: 1,5 is not a number"},
                                                {"1e999", "--size: 1e999 is beyond what a double holds"}}));
  CHECK(f.parse_line("--size " + text).problems.empty());
  const auto number = decimal_of(*f.size, {.min = 0, .max = 1.5}, f.problems);
  if (problem.empty()) {
    CHECK(number == 0.25);
    CHECK(f.problems.empty());
  } else {
    CHECK(number == std::nullopt);
    CHECK(f.problems == Problems{problem});
  }
}

TEST_CASE("an option that is absent, repeated or without its value") {
  Fixture f;
  SECTION("absent") {
    CHECK(f.parse_line("").problems.empty());
    CHECK(value_of(*f.size, f.problems) == std::nullopt);
    CHECK(f.problems.empty());
  }
  SECTION("repeated") {
    CHECK(f.parse_line("--size 1 --size 2 --size 3").problems.empty());
    CHECK(value_of(*f.size, f.problems) == std::nullopt);
    CHECK(f.problems == Problems{"--size is given 3 times"});
    CHECK(values_of(*f.size, f.problems) == std::vector<std::string>{"1", "2", "3"});
  }
  SECTION("without its value") {
    CHECK(f.parse_line("--size --fast").problems.empty());
    CHECK(value_of(*f.size, f.problems) == std::nullopt);
    CHECK(f.problems == Problems{"--size has no value"});
  }
}

TEST_CASE("a switch takes no value") {
  Fixture f;
  SECTION("given") {
    CHECK(f.parse_line("--fast").problems.empty());
    CHECK(is_given(*f.fast, f.problems));
    CHECK(f.problems.empty());
  }
  SECTION("absent") {
    CHECK(f.parse_line("--size 1").problems.empty());
    CHECK_FALSE(is_given(*f.fast, f.problems));
  }
  SECTION("with a value") {
    CHECK(f.parse_line("--fast=no").problems.empty());
    CHECK(is_given(*f.fast, f.problems));
    CHECK(f.problems == Problems{"--fast takes no value"});
  }
}

TEST_CASE("a choice is one of some words") {
  Fixture f;
  CHECK(f.parse_line("--size json").problems.empty());
  CHECK(choice_of(*f.size, choices, f.problems) == 1);
  CHECK(choice_of(*f.size, std::span(choices).first(1), f.problems) == std::nullopt);
  CHECK(f.problems == Problems{"--size: \"json\" is not text"});
}

TEST_CASE("words that no option takes") {
  Fixture f;
  CHECK(f.parse_line("--sise 3 stray --bogus=1 --fas --fast again").problems ==
        Problems{"unknown option --sise; did you mean --size?", "unexpected word \"stray\"",
                 "unknown option --bogus", "unknown option --fas; did you mean --fast?",
                 "unexpected word \"again\""});
}

TEST_CASE("help is an answer") {
  Fixture f;
  const Parsed parsed = f.parse_line("--bogus --help");
  REQUIRE(parsed.answer);
  CHECK(*parsed.answer ==
        "A program\n"
        "\n"
        "Usage: program [options]\n"
        "\n"
        "Options\n"
        "  --size N                    a size\n"
        "  --fast                      be fast\n"
        "  -h, --help                  print this text and exit\n");
}

TEST_CASE("suggestions") {
  const std::vector<std::string> known{"--tp", "--pp", "--vpp", "--world-size"};
  CHECK(did_you_mean("--world_size", known) == "; did you mean --world-size?");
  CHECK(did_you_mean("-worldsize", known) == "; did you mean --world-size?");
  CHECK(did_you_mean("--vp", known).empty());
  CHECK(did_you_mean("--tpp", known) == "; did you mean --tp or --pp or --vpp?");
  CHECK(did_you_mean("--dp", known).empty());
  CHECK(did_you_mean("--", known).empty());
}
