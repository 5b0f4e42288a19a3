// Conventions in TOML: for any text, the reader returns diagnostics with texts and places, or a table that
// can be written and read back, and that makes layouts or says why not.

#include <algorithm>

#include "fuzz.hpp"
#include "groups.hpp"
#include "rankmesh/files/convention.hpp"

using rankmesh::ConventionTable;
using rankmesh::Diagnostic;
using rankmesh::layout_of;
using rankmesh::files::FileError;
using rankmesh::files::parse_convention;
using rankmesh::files::to_toml;
using rankmesh::tests::accepts;
using rankmesh::tests::Input;
using rankmesh::tests::require;
using rankmesh::tests::require_groups;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Input(data, size).text();
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  ConventionTable table;
  try {
    table = parse_convention(text, "fuzz.toml");
  } catch (const FileError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      require(diagnostic.place && diagnostic.place->source == "fuzz.toml", "a diagnostic names its file");
      require(!diagnostic.text().empty(), "a diagnostic has a text");
      require(diagnostic.place->line <= lines + 1, "the line of a diagnostic is one of the file");
    }
    return 0;
  }
  require(parse_convention(to_toml(table), "again.toml") == table, "a table that was written reads back");
  for (const std::int64_t world_size : {1, 12, 64}) {
    accepts([&] { require_groups(layout_of(table, {.world_size = world_size})); });
  }
  return 0;
}
