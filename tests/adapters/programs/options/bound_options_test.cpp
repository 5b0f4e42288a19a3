#include "rankmesh/options/bound_options.hpp"

#include <string>

#include "adapters/programs/rankmesh/support.hpp"
#include "support/catch.hpp"

using namespace rankmesh::cli;
using namespace rankmesh::tests;

namespace {

/// A program with a bound option of each type.
struct TestProgram {
  Program program{{.name = "program", .summary = "A program"}};
  std::int64_t steps = 200;
  double rate = 0.003;
  std::string text = "book.txt";
  std::string csv;
  bool fast = false;
  BoundOptions options{program, "Training"};

  TestProgram() {
    options.add("--steps", steps, {.min = 1, .max = 1000}, "steps to train");
    options.add("--rate", rate, {.min = 0, .max = 1}, "how fast to learn");
    options.add_file("--text", text, "what to learn");
    options.add_file("--csv", csv, "where to write");
    options.add("--fast", fast, "be fast");
  }
  /// The problems of a command line.
  Problems read(const std::string& line) {
    Problems problems = parse(program, split(line)).problems;
    options.read(problems);
    return problems;
  }
};

using Values = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("bound options keep their defaults") {
  TestProgram test;
  CHECK(test.read("").empty());
  CHECK(test.options.values() == Values{{"steps", "200"}, {"rate", "0.003"}, {"fast", "false"}});
  CHECK(test.text == "book.txt");
  CHECK(test.csv.empty());
}

TEST_CASE("bound options write what was given") {
  TestProgram test;
  CHECK(test.read("--steps 7 --rate 1e-4 --text other.txt --csv out --fast").empty());
  CHECK(test.steps == 7);
  CHECK(test.rate == 1e-4);
  CHECK(test.text == "other.txt");
  CHECK(test.csv == "out");
  CHECK(test.fast);
  CHECK(test.options.values() == Values{{"steps", "7"}, {"rate", "1e-04"}, {"fast", "true"}});
}

TEST_CASE("bound options report all problems, and variables of wrong options keep their values") {
  TestProgram test;
  CHECK(test.read("--steps 0 --rate x --text --csv a --csv b --fast=no") ==
        Problems{"--steps: 0 is below 1", "--rate: x is not a number", "--text has no value",
                 "--csv is given twice", "--fast takes no value"});
  CHECK(test.steps == 200);
  CHECK(test.rate == 0.003);
  CHECK(test.text == "book.txt");
  CHECK(test.csv.empty());
}

TEST_CASE("the help text has the defaults of bound options") {
  TestProgram test;
  CHECK(*parse(test.program, split("--help")).answer ==
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
