// The order of the axes in the convention of Megatron-Core, with sizes from the first bytes: an order is
// refused with a message, or has groups.

#include <string>

#include "fuzz.hpp"
#include "groups.hpp"
#include "rankmesh/topology/config_text.hpp"

using rankmesh::check;
using rankmesh::ParallelConfig;
using rankmesh::Topology;
using rankmesh::tests::accepts;
using rankmesh::tests::Input;
using rankmesh::tests::require;
using rankmesh::tests::require_groups;
using rankmesh::tests::require_words;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const auto size_below = [&](std::size_t limit) {
    return static_cast<std::int64_t>(input.number(limit)) + 1;
  };
  ParallelConfig config{.convention = rankmesh::Convention::megatron_core};
  config.tensor = size_below(4);
  config.context = size_below(3);
  config.pipeline = size_below(4);
  config.expert = size_below(4);
  if (input.number(2) == 1) config.expert_tensor = size_below(3);
  config.weight_remat = size_below(2);
  config.world_size = config.tensor * config.context * config.pipeline * config.weight_remat * size_below(8);
  config.order = input.text();

  const auto diagnostics = check(config);
  require_words(diagnostics);
  const bool accepted = accepts([&] {
    const Topology topology(config);
    require(Topology(topology.config()) == topology, "a topology keeps its configuration in one form");
    require(Topology(rankmesh::parse_config(to_string(config))) == topology,
            "the text makes the same topology");
  });
  require(accepted == diagnostics.empty(), "a topology is made where the check finds nothing");
  if (accepted) require_groups(config);
  return 0;
}
