#include "rankmesh/files/error.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using rankmesh::Diagnostic;
using rankmesh::SourcePlace;
using rankmesh::files::FileError;

TEST_CASE("the error has a line for each diagnostic, and the diagnostics as data", "[error]") {
  const std::vector<Diagnostic> diagnostics{{.rule = "one", .place = SourcePlace{"a.yaml", 3, 5}},
                                            {.rule = "two", .place = SourcePlace{.source = "a.yaml"}}};
  const FileError error(diagnostics);
  CHECK(std::string(error.what()) == "a.yaml:3:5: one\na.yaml: two");
  CHECK(std::vector<Diagnostic>(error.diagnostics().begin(), error.diagnostics().end()) == diagnostics);
  const rankmesh::Error& root = error;
  CHECK(std::string(root.what()) == error.what());
}

TEST_CASE("an error with one diagnostic", "[error]") {
  const FileError error({"a.yaml", 3, 5}, "is wrong");
  CHECK(std::string(error.what()) == "a.yaml:3:5: is wrong");
  REQUIRE(error.diagnostics().size() == 1);
}
