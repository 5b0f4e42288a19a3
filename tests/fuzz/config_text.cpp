// The one-line form of a configuration: reads any text, tells what is wrong with it, and gives back what it
// read.

#include "rankmesh/topology/config_text.hpp"
#include "fuzz.hpp"
#include "groups.hpp"

using rankmesh::check;
using rankmesh::ConfigReading;
using rankmesh::parse_config;
using rankmesh::read_config;
using rankmesh::tests::accepts;
using rankmesh::tests::Input;
using rankmesh::tests::require;
using rankmesh::tests::require_groups;
using rankmesh::tests::require_words;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Input(data, size).text();
  const ConfigReading reading = read_config(text);
  require_words(reading.diagnostics);
  const bool accepted = accepts([&] { require(parse_config(text) == reading.config, "both read the same"); });
  require(accepted == reading.diagnostics.empty(), "a text is refused where it has a violation");

  const std::string written = to_string(reading.config);
  require(read_config(written).diagnostics.empty(), "what was read can be written");
  require(parse_config(written) == reading.config, "what was written reads back");
  require(to_string(parse_config(written)) == written, "and is written as the same text");

  require_words(check(reading.config));
  if (check(reading.config).empty()) require_groups(reading.config);
  return 0;
}
