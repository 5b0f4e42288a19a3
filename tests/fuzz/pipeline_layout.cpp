// Layout strings: for any text, a layout whose text reads back and whose layers follow each other, or
// diagnostics with texts.

#include <algorithm>

#include "fuzz.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"

using rankmesh::PipelineLayout;
using rankmesh::tests::accepts;
using rankmesh::tests::Input;
using rankmesh::tests::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const auto stages = static_cast<std::int64_t>(input.number(16)) + 1;
  accepts([&] {
    const PipelineLayout layout = PipelineLayout::parse(input.text(), stages);
    const std::string text = layout.to_string();
    require(!text.empty(), "a layout that was read has a text");
    require(PipelineLayout::parse(text, stages) == layout, "the text of a layout reads back");
    std::int64_t next = 1;
    const std::int64_t chunks = std::min<std::int64_t>(layout.chunks(), 1000);
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
      const auto layers = layout.chunk({.stage = chunk % stages, .virtual_stage = chunk / stages}).layers;
      require(layers.first == next && layers.count >= 0, "layers follow each other");
      next += layers.count;
    }
    const auto last = layout.chunk({.stage = stages - 1, .virtual_stage = layout.virtual_stages() - 1});
    require(last.loss && last.layers.first + last.layers.count == layout.layers() + 1,
            "the last chunk ends with the last layer");
  });
  return 0;
}
