#include "rankmesh/files/error.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using rankmesh::files::FileError;
using rankmesh::files::Problem;

TEST_CASE("a problem is written as compilers do, with its place if it has one", "[error]") {
  CHECK(Problem{"a.yaml", 3, 5, "is wrong"}.message() == "a.yaml:3:5: is wrong");
  CHECK(Problem{"a.yaml", 0, 0, "is wrong"}.message() == "a.yaml: is wrong");
}

TEST_CASE("the error has a line for each problem, and the problems as data", "[error]") {
  const std::vector<Problem> problems{{"a.yaml", 3, 5, "one"}, {"a.yaml", 0, 0, "two"}};
  const FileError error(problems);
  CHECK(std::string(error.what()) == "a.yaml:3:5: one\na.yaml: two");
  CHECK(std::vector<Problem>(error.problems().begin(), error.problems().end()) == problems);
  const rankmesh::Error& root = error;
  CHECK(std::string(root.what()) == error.what());
}
