// The options of NCCL in YAML: the first byte chooses whether they are those of a topology.

#include <algorithm>
#include <optional>

#include "fuzz.hpp"
#include "rankmesh/nccl/options_file.hpp"

using rankmesh::Diagnostic;
using rankmesh::Topology;
using rankmesh::files::FileError;
using rankmesh::nccl::KindOptionsMap;
using rankmesh::nccl::parse_kind_options;
using rankmesh::tests::Input;
using rankmesh::tests::require;

namespace {

/// Every diagnostic names its place. Behind the first 100, one more says that the rest was not read.
void require_places(const FileError& error, std::string_view text) {
  require(!error.diagnostics().empty() && error.diagnostics().size() <= 101,
          "an error has 1 to 101 diagnostics");
  const auto lines =
      std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r') + 1;
  for (const Diagnostic& diagnostic : error.diagnostics()) {
    require(diagnostic.place && diagnostic.place->source == "fuzz.yaml" && !diagnostic.text().empty(),
            "a diagnostic has a text and a place");
    const auto [source, line, column] = *diagnostic.place;
    require(line >= 0 && line <= lines + 1, "the line of a diagnostic is one of the file");
    require((line == 0) == (column == 0), "a line comes with a column");
  }
}

std::optional<KindOptionsMap> read(std::string_view text, const Topology* topology) {
  try {
    return topology == nullptr ? parse_kind_options(text, "fuzz.yaml")
                               : parse_kind_options(text, *topology, "fuzz.yaml");
  } catch (const FileError& error) {
    require_places(error, text);
    return std::nullopt;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Topology reference({.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true});
  static const Topology megatron_core({.world_size = 64,
                                       .tensor = 2,
                                       .pipeline = 2,
                                       .convention = rankmesh::Convention::megatron_core,
                                       .context = 4,
                                       .expert = 4,
                                       .hierarchical_context = {2, 2}});
  static const Topology* const topologies[]{nullptr, &reference, &megatron_core};
  Input input(data, size);
  const Topology* topology = topologies[input.number(3)];
  const auto options = read(input.text(), topology);
  if (!options) return 0;
  require(read(input.text(), topology) == options, "the same text gives the same options");
  for (const auto& [kind, chosen] : *options) {
    require(check(chosen.communicator).empty(), "options that were accepted make sense");
    require(topology == nullptr || topology->find(kind) != nullptr,
            "options are those of a kind that is there");
  }
  return 0;
}
