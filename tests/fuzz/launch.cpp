// Files of other systems: what is read has a layout or a diagnostic, and equal text gives equal layouts.

#include "rankmesh/launch/launch_file.hpp"

#include <string>

#include "fuzz.hpp"
#include "rankmesh/topology/topology.hpp"

using rankmesh::launch::LaunchFile;
using rankmesh::launch::read;
using rankmesh::tests::Input;
using rankmesh::tests::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::string text(input.text());
  for (const auto& world_size : {std::optional<std::int64_t>(), std::optional<std::int64_t>(64)}) {
    const LaunchFile file = read(text, "file", {.world_size = world_size});
    for (const rankmesh::Diagnostic& diagnostic : file.diagnostics) {
      require(!diagnostic.message().empty() && diagnostic.place.has_value(),
              "each diagnostic has a place and a text");
    }
    require(!file.config || file.diagnostics.empty(), "a wrong file gives no layout");
    require(!file.config || check(*file.config).empty(), "a layout is valid");
    require(!file.diagnostics.empty() || !file.system.empty(), "a file without diagnostics has a system");
    require(!world_size || file.config || !file.diagnostics.empty(),
            "with a world size, there is a layout or a diagnostic");
    require(read(text, "file", {.world_size = world_size}).sizes == file.sizes,
            "equal texts have equal sizes");
  }
  return 0;
}
