// Layout files in TOML: any text has problems with words and places, or is a layout that can be written as
// TOML again.

#include <algorithm>

#include "fuzz.hpp"
#include "groups.hpp"
#include "rankmesh/files/layout.hpp"

using rankmesh::check;
using rankmesh::files::check_layout;
using rankmesh::files::LayoutProblem;
using rankmesh::files::LayoutReading;
using rankmesh::files::parse_layout;
using rankmesh::files::to_toml;
using rankmesh::tests::Input;
using rankmesh::tests::require;
using rankmesh::tests::require_groups;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Input(data, size).text();
  const LayoutReading reading = check_layout(parse_layout(text, "fuzz.toml"));
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  for (const LayoutProblem& problem : reading.problems) {
    require(problem.source == "fuzz.toml", "a problem names its file");
    require(!problem.text().empty() && !problem.message().empty(), "a problem says what is wrong");
    require(problem.line >= 0 && problem.line <= lines + 1, "the line of a problem is one of the file");
    require((problem.line == 0) == (problem.column == 0), "a line comes with a column");
  }
  if (!reading.problems.empty()) return 0;

  require(check(reading.config).empty(), "a layout without a problem is valid");
  require_groups(reading.config);
  const std::string written = to_toml(reading.config);
  const LayoutReading again = check_layout(parse_layout(written, "again.toml"));
  require(again.problems.empty() && again.config == reading.config, "a layout that was written reads back");
  return 0;
}
