#include "rankmesh/options/bound_options.hpp"

#include <string>

#include "adapters/programs/rankmesh/support.hpp"
#include "support/catch.hpp"

using namespace rankmesh::cli;
using namespace rankmesh::tests;

namespace {

/// A program with options of its own, one of each sort.
struct Program {
  CLI::App app{"A program", "program"};
  std::int64_t steps = 200;
  double rate = 0.003;
  std::string text = "book.txt";
  std::string csv;
  bool fast = false;
  BoundOptions options{app, "Training"};

  Program() {
    options.add("--steps", steps, {.min = 1, .max = 1000}, "steps to train");
    options.add("--rate", rate, {.min = 0, .max = 1}, "how fast to learn");
    options.add("--text", text, "FILE", "what to learn");
    options.add("--csv", csv, "FILE", "where to write");
    options.add("--fast", fast, "be fast");
    set_help_style(app);
  }
  /// What is wrong with a command line.
  Problems read(const std::string& line) {
    Problems problems = parse(app, split(line)).problems;
    options.read(problems);
    return problems;
  }
};

using Values = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("bound options keep their defaults") {
  Program program;
  CHECK(program.read("").empty());
  CHECK(program.options.values() == Values{{"steps", "200"}, {"rate", "0.003"}, {"fast", "false"}});
  CHECK(program.text == "book.txt");
  CHECK(program.csv.empty());
}

TEST_CASE("bound options write what was given") {
  Program program;
  CHECK(program.read("--steps 7 --rate 1e-4 --text other.txt --csv out --fast").empty());
  CHECK(program.steps == 7);
  CHECK(program.rate == 1e-4);
  CHECK(program.text == "other.txt");
  CHECK(program.csv == "out");
  CHECK(program.fast);
  CHECK(program.options.values() == Values{{"steps", "7"}, {"rate", "1e-04"}, {"fast", "true"}});
}

TEST_CASE("bound options tell all that is wrong, and keep the values of those that are") {
  Program program;
  CHECK(program.read("--steps 0 --rate x --text --csv a --csv b --fast=no") ==
        Problems{"--steps: 0 is below 1", "--rate: x is not a number", "--text has no value",
                 "--csv is given twice", "--fast takes no value"});
  CHECK(program.steps == 200);
  CHECK(program.rate == 0.003);
  CHECK(program.text == "book.txt");
  CHECK(program.csv.empty());
}

TEST_CASE("the help text has the defaults of bound options") {
  Program program;
  CHECK(*parse(program.app, split("--help")).answer ==
        "A program\n"
        "\n"
        "Usage: program [options]\n"
        "\n"
        "Training\n"
        "  --steps N                   steps to train [200]\n"
        "  --rate X                    how fast to learn [0.003]\n"
        "  --text FILE                 what to learn [book.txt]\n"
        "  --csv FILE                  where to write\n"
        "  --fast                      be fast\n"
        "\n"
        "Options\n"
        "  -h, --help                  print this text and exit\n");
}
