#include "rankmesh/topology/error.hpp"

#include <string>

#include "support/catch.hpp"

using rankmesh::ConfigError;
using rankmesh::Diagnostic;
using rankmesh::Phrase;

TEST_CASE("a violation reads as field, value, rule and nearest values", "[error]") {
  CHECK(Diagnostic{"tensor", "3", "does not divide world_size = 16", {2, 4}}.message() ==
        "tensor = 3 does not divide world_size = 16; nearest: 2, 4");
  CHECK(Diagnostic{"tensor", "0", "is below 1", {1}}.message() == "tensor = 0 is below 1; nearest: 1");
  CHECK(Diagnostic{"world_size", "x", "is not a whole number", {}}.message() ==
        "world_size = x is not a whole number");
}

TEST_CASE("a phrase knows which fields it names, and takes other words for them", "[error]") {
  Phrase phrase = "needs " + Phrase::field("tensor", 1) + ", not " + Phrase::field("expert_tensor") + " of " +
                  Phrase::field("tensor");
  phrase += " or tensor";
  CHECK(phrase.text() == "needs tensor = 1, not expert_tensor of tensor or tensor");
  CHECK(phrase.names("tensor"));
  CHECK(phrase.names("expert_tensor"));
  CHECK(!phrase.names("expert"));
  CHECK(!Phrase("tensor").names("tensor"));

  phrase.rename("tensor", "tp");
  CHECK(phrase.text() == "needs tp = 1, not expert_tensor of tp or tensor");
  CHECK(!phrase.names("tensor"));
  phrase.rename("expert_tensor", "etp");
  phrase.rename("tp", "tensor_model_parallel");
  CHECK(phrase.text() == "needs tensor_model_parallel = 1, not etp of tensor_model_parallel or tensor");
}

TEST_CASE("a violation without a value leaves out the equals sign", "[error]") {
  CHECK(Diagnostic{"world_size", "", "is missing: write world=N", {}}.message() ==
        "world_size is missing: write world=N");
}

TEST_CASE("a violation in a file begins with its place", "[error]") {
  Diagnostic diagnostic{"tensor", "3", "does not divide world_size = 16", {2, 4}};
  diagnostic.place = rankmesh::SourcePlace{"layout.toml", 3, 10};
  CHECK(diagnostic.message() ==
        "layout.toml:3:10: tensor = 3 does not divide world_size = 16; nearest: 2, 4");
  CHECK(diagnostic.text() == "tensor = 3 does not divide world_size = 16; nearest: 2, 4");

  // Of the file as a whole: no line, no field.
  const Diagnostic unreadable{.rule = "cannot be read",
                              .place = rankmesh::SourcePlace{.source = "layout.toml"}};
  CHECK(unreadable.message() == "layout.toml: cannot be read");
}

TEST_CASE("diagnostics are sorted by place, those without a line last", "[error]") {
  const auto at = [](int line, int column) {
    return Diagnostic{.place = rankmesh::SourcePlace{"a", line, column}};
  };
  std::vector<Diagnostic> diagnostics{{}, at(2, 7), at(0, 0), at(2, 3), at(1, 9)};
  sort_by_place(diagnostics);
  CHECK(diagnostics == std::vector<Diagnostic>{at(1, 9), at(2, 3), at(2, 7), {}, at(0, 0)});
}

TEST_CASE("a configuration error tells every violation and keeps them as data", "[error]") {
  const Diagnostic first{"tensor", "3", "does not divide world_size = 16", {2, 4}};
  const Diagnostic second{"split_rank", "-1", "is negative: stages are counted from 0", {0}};

  const ConfigError one({first});
  CHECK(std::string(one.what()) ==
        "invalid configuration: tensor = 3 does not divide world_size = 16; nearest: 2, 4");
  REQUIRE(one.diagnostics().size() == 1);
  CHECK(one.diagnostics()[0] == first);

  const ConfigError two({first, second});
  CHECK(std::string(two.what()) ==
        "invalid configuration, 2 violations:\n"
        "  tensor = 3 does not divide world_size = 16; nearest: 2, 4\n"
        "  split_rank = -1 is negative: stages are counted from 0; nearest: 0");
  REQUIRE(two.diagnostics().size() == 2);
  CHECK(two.diagnostics()[1] == second);
}

TEST_CASE("every exception is a rankmesh::Error", "[error]") {
  CHECK_THROWS_AS(throw ConfigError({Diagnostic{}}), rankmesh::Error);
  CHECK_THROWS_AS(throw rankmesh::RangeError("x"), rankmesh::Error);
  CHECK_THROWS_AS(throw rankmesh::Error("x"), std::runtime_error);
}
