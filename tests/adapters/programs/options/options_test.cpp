#include "rankmesh/options/options.hpp"

#include "adapters/programs/rankmesh/support.hpp"
#include "rankmesh/options/pages.hpp"
#include "rankmesh/options/suggestions.hpp"
#include "support/catch.hpp"

using namespace rankmesh::cli;
using namespace rankmesh::tests;

namespace {

/// A program with an option and a switch.
struct Fixture {
  Program program{{.name = "program", .summary = "A program"}};
  const Option& size = program.add({.name = "--size", .value_name = "N", .description = "a size"});
  const Option& fast = program.add({.name = "--fast", .description = "be fast"});
  Problems problems{};

  Parsed parse_line(const std::string& line) { return parse(program, split(line)); }
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
  const auto number = number_of(f.size, {.min = 1, .max = 8}, f.problems);
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
  const auto number = decimal_of(f.size, {.min = 0, .max = 1.5}, f.problems);
  if (problem.empty()) {
    CHECK(number == 0.25);
    CHECK(f.problems.empty());
  } else {
    CHECK(number == std::nullopt);
    CHECK(f.problems == Problems{problem});
  }
}

TEST_CASE("a list of words") {
  Fixture f;
  const auto [text, words, problem] = GENERATE(table<std::string, std::vector<std::string>, std::string>(
      {{"tp", {"tp"}, ""},
       {"tp,pp", {"tp", "pp"}, ""},
       {"tp,", {}, "--size: \"tp,\" has an empty word between its commas"},
       {",", {}, "--size: \",\" has an empty word between its commas"},
       {"tp,pp,tp", {}, "--size: \"tp\" is there twice"}}));
  CHECK(list_of(f.size, f.problems).empty());
  CHECK(f.parse_line("--size " + text).problems.empty());
  CHECK(list_of(f.size, f.problems) == words);
  CHECK(f.problems == (problem.empty() ? Problems{} : Problems{problem}));
  CHECK(words_between("a+b", '+') == std::vector<std::string>{"a", "b"});
  CHECK(words_between("", '+') == std::vector<std::string>{""});
}

TEST_CASE("an option that is absent, repeated or without its value") {
  Fixture f;
  SECTION("absent") {
    CHECK(f.parse_line("").problems.empty());
    CHECK(value_of(f.size, f.problems) == std::nullopt);
    CHECK(f.problems.empty());
  }
  SECTION("repeated") {
    CHECK(f.parse_line("--size 1 --size 2 --size 3").problems.empty());
    CHECK(value_of(f.size, f.problems) == std::nullopt);
    CHECK(f.problems == Problems{"--size is given 3 times"});
    CHECK(values_of(f.size, f.problems) == std::vector<std::string>{"1", "2", "3"});
  }
  SECTION("without its value") {
    CHECK(f.parse_line("--size --fast").problems.empty());
    CHECK(value_of(f.size, f.problems) == std::nullopt);
    CHECK(f.problems == Problems{"--size has no value"});
  }
}

TEST_CASE("a switch takes no value") {
  Fixture f;
  SECTION("given") {
    CHECK(f.parse_line("--fast").problems.empty());
    CHECK(is_given(f.fast, f.problems));
    CHECK(f.problems.empty());
  }
  SECTION("absent") {
    CHECK(f.parse_line("--size 1").problems.empty());
    CHECK_FALSE(is_given(f.fast, f.problems));
  }
  SECTION("with a value") {
    CHECK(f.parse_line("--fast=no").problems.empty());
    CHECK(is_given(f.fast, f.problems));
    CHECK(f.problems == Problems{"--fast takes no value"});
  }
}

TEST_CASE("a choice is one of some words") {
  Fixture f;
  const Option& format = f.program.add({.name = "--format", .choices = {"text", "json", "csv"}});
  CHECK(f.parse_line("--format json").problems.empty());
  CHECK(choice_of(format, f.problems) == 1);
  CHECK(f.parse_line("--format xml").problems.empty());
  CHECK(choice_of(format, f.problems) == std::nullopt);
  CHECK(f.problems == Problems{"--format: \"xml\" is not text, json or csv"});
}

TEST_CASE("unknown options and words are reported") {
  Fixture f;
  CHECK(f.parse_line("--sise 3 stray --bogus=1 --fas --fast again").problems ==
        Problems{"unknown option --sise; did you mean --size?", "unexpected word \"stray\"",
                 "unknown option --bogus", "unknown option --fas; did you mean --fast?",
                 "unexpected word \"again\""});
}

TEST_CASE("--help is answered with the help text") {
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

TEST_CASE("did_you_mean suggests the known words that resemble a word") {
  const std::vector<std::string> known{"--tp", "--pp", "--vpp", "--world-size"};
  CHECK(did_you_mean("--world_size", known) == "; did you mean --world-size?");
  CHECK(did_you_mean("-worldsize", known) == "; did you mean --world-size?");
  CHECK(did_you_mean("--vp", known).empty());
  CHECK(did_you_mean("--tpp", known) == "; did you mean --tp or --pp or --vpp?");
  CHECK(did_you_mean("--dp", known).empty());
  CHECK(did_you_mean("--", known).empty());
}

TEST_CASE("a repeatable choice") {
  Fixture f;
  const Option& to = f.program.add({.name = "--to", .choices = {"a", "b"}, .is_repeatable = true});
  CHECK(f.parse_line("--to b --to c --to a").problems.empty());
  CHECK(choices_of(to, f.problems) == std::vector<std::size_t>{1, 0});
  CHECK(f.problems == Problems{"--to: \"c\" is not a or b"});
}

TEST_CASE("a required option is missing") {
  Program program({.name = "program", .summary = "A program", .examples = {"program 5"}});
  program.add({.name = "RANK", .is_required = true});
  program.add({.name = "--format", .choices = {"text", "json"}, .is_required = true});
  CHECK(parse(program, {}).problems ==
        Problems{"RANK is missing; for example: program 5", "--format is missing: text or json"});
  CHECK(parse(program, split("5 --format xml")).problems.empty());
}

TEST_CASE("the help text is made from the properties of options and commands") {
  Command command({.name = "run",
                   .summary = "Runs",
                   .notes = {{"Terms:", {{"a", "the first"}, {"bcd", "the second"}}}},
                   .examples = {"program run FILE"},
                   .exit_status = "0 always."});
  command.add({.name = "FILE",
               .description = "what to run",
               .heading = "Arguments",
               .is_repeatable = true,
               .is_required = true});
  command.add({.name = "--to",
               .value_name = "WORD",
               .choices = {"a", "b"},
               .is_repeatable = true,
               .is_required = true});
  command.add({.name = "--by", .description = "how", .choices = {"foot", "car"}, .default_value = "car"});
  command.add({.name = "--rule",
               .value_name = "RULE",
               .description = "the rule",
               .choices = {{"strict", "every word is read"}, {"lax", "no word is"}},
               .default_value = "lax"});
  Program program({.name = "program", .summary = "A program"}, "1.2");
  program.add_command(command);
  CHECK(help_text(command) ==
        "Runs\n"
        "\n"
        "Usage: program run FILE... [options]\n"
        "\n"
        "Arguments\n"
        "  FILE                        what to run\n"
        "\n"
        "Options\n"
        "  --to WORD                   a or b; may be repeated [required]\n"
        "  --by foot|car               how [car]\n"
        "  --rule RULE                 the rule [lax]:\n"
        "                              strict  every word is read\n"
        "                              lax     no word is\n"
        "  -h, --help                  print this text and exit\n"
        "\n"
        "Terms:\n"
        "  a      the first\n"
        "  bcd    the second\n"
        "\n"
        "Examples\n"
        "  program run FILE\n"
        "\n"
        "Exit status: 0 always.\n");
}

TEST_CASE("a program with commands needs one of them") {
  Command run({.name = "run", .summary = "Runs"});
  Command walk({.name = "walk", .summary = "Walks"});
  Command secret({.name = "secret", .summary = "Hides", .is_hidden = true});
  Program program({.name = "program", .summary = "A program"}, "1.2");
  for (Command* command : {&run, &walk, &secret}) program.add_command(*command);
  CHECK(parse(program, {}).problems == Problems{"a command is missing: run or walk"});
  CHECK(parse(program, split("rum")).problems ==
        Problems{"there is no command \"rum\": run or walk; did you mean run?"});
  CHECK(parse(program, split("--fast walk")).problems ==
        Problems{"\"--fast\" must come after the command walk"});
  CHECK(parse(program, split("secret")).command == &secret);
  CHECK(*parse(program, split("--version")).answer == "program 1.2\n");
  CHECK(help_text(program).find("secret") == std::string::npos);
}

TEST_CASE("an unknown option may have an explanation") {
  Fixture f;
  f.program.explain_unknown("--dp", "it follows from the others");
  CHECK(f.parse_line("--dp 3").problems == Problems{"unknown option --dp; it follows from the others"});
}

TEST_CASE("long descriptions are broken at blanks") {
  Fixture f;
  const std::string words(60, 'x');
  f.program.add({.name = "--long", .value_name = "N", .description = words + " " + words});
  CHECK(help_text(f.program).find("  --long N                    " + words + "\n" + std::string(30, ' ') +
                                  words) != std::string::npos);
}
