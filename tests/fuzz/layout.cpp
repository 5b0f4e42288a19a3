// Layout files in TOML: for any text, the reader returns diagnostics with texts and places, or a layout that
// can be written as TOML again.

#include <algorithm>

#include "fuzz.hpp"
#include "groups.hpp"
#include "rankmesh/files/layout.hpp"

using rankmesh::check;
using rankmesh::ConfigReading;
using rankmesh::Diagnostic;
using rankmesh::files::check_layout;
using rankmesh::files::parse_layout;
using rankmesh::files::to_toml;
using rankmesh::tests::Input;
using rankmesh::tests::require;
using rankmesh::tests::require_groups;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Input(data, size).text();
  const ConfigReading reading = check_layout(parse_layout(text, "fuzz.toml"));
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  for (const Diagnostic& diagnostic : reading.diagnostics) {
    require(diagnostic.place && diagnostic.place->source == "fuzz.toml", "a diagnostic names its file");
    require(!diagnostic.text().empty(), "a diagnostic has a text");
    const auto [source, line, column] = *diagnostic.place;
    require(line >= 0 && line <= lines + 1, "the line of a diagnostic is one of the file");
    require((line == 0) == (column == 0), "a line comes with a column");
  }
  if (!reading.diagnostics.empty()) return 0;

  require(check(reading.config).empty(), "a layout without diagnostics is valid");
  require_groups(reading.config);
  const std::string written = to_toml(reading.config);
  const ConfigReading again = check_layout(parse_layout(written, "again.toml"));
  require(again.diagnostics.empty() && again.config == reading.config,
          "a layout that was written reads back");
  return 0;
}
