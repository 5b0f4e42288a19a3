// The options of NCCL in YAML: the first byte chooses whether they are those of a topology.

#include <algorithm>
#include <optional>

#include "fuzz.hpp"
#include "rankmesh/files.hpp"

using rankmesh::Topology;
using rankmesh::files::FileError;
using rankmesh::files::parse_nccl_options;
using rankmesh::files::Problem;
using rankmesh::nccl::KindOptionsMap;
using rankmesh::tests::Input;
using rankmesh::tests::require;

namespace {

/// A problem names its place; the limit of 100 leaves one more, that says so.
void require_places(const FileError& error, std::string_view text) {
  require(!error.problems().empty() && error.problems().size() <= 101,
          "an error lists its problems, but not too many");
  const auto lines =
      std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r') + 1;
  for (const Problem& problem : error.problems()) {
    require(problem.source == "fuzz.yaml" && !problem.text.empty(),
            "a problem says what is wrong, and where");
    require(problem.line >= 0 && problem.line <= lines + 1, "the line of a problem is one of the file");
    require((problem.line == 0) == (problem.column == 0), "a line comes with a column");
  }
}

std::optional<KindOptionsMap> read(std::string_view text, const Topology* topology) {
  try {
    return topology == nullptr ? parse_nccl_options(text, "fuzz.yaml")
                               : parse_nccl_options(text, *topology, "fuzz.yaml");
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
