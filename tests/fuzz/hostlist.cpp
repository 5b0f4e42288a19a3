// Hostlists: what is expanded consists of names of hosts, and is a hostlist of the same names again.

#include "rankmesh/files/hostlist.hpp"

#include <string>

#include "fuzz.hpp"
#include "rankmesh/topology/text.hpp"

using rankmesh::Diagnostic;
using rankmesh::joined;
using rankmesh::files::expand_hostlist;
using rankmesh::files::Hostlist;
using rankmesh::files::split_hostlist;
using rankmesh::tests::Input;
using rankmesh::tests::require;
using rankmesh::tests::require_words;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(Input(data, size).text());
  require(joined(split_hostlist(text), ",") == text, "the parts make up the text");
  const Hostlist list = expand_hostlist(text);
  require_words(list.diagnostics);
  require(list.names.size() <= std::size_t{1} << 20, "no more names than are promised");
  require(!list.names.empty() || !list.diagnostics.empty(), "each part has a name or a diagnostic");
  // Long lists would take the fuzzer's time.
  if (list.names.empty() || list.names.size() > 1000) return 0;
  const Hostlist again = expand_hostlist(joined(list.names, ","));
  require(again.diagnostics.empty() && again.names == list.names,
          "an expanded list is a list of the same names");
  return 0;
}
