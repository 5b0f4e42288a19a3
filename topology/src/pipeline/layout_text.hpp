#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"

namespace rankmesh {

/// The most layers and chunks that a layout can have. Sums of two stay in 64 bits.
inline constexpr std::int64_t most_layers = std::int64_t{1} << 62;

/// Consecutive chunks with the same number of layers.
struct ChunkRun {
  std::int64_t layers = 0;
  std::int64_t chunks = 0;
};

/// Runs of chunks that follow each other several times.
struct LayoutPart {
  /// One copy.
  std::vector<ChunkRun> runs{};
  std::int64_t copies = 1;
};

/// Appends a run, which may be empty or equal the last.
inline void append_run(std::vector<ChunkRun>& runs, ChunkRun run) {
  if (!runs.empty() && runs.back().layers == run.layers) {
    runs.back().chunks += run.chunks;
  } else if (run.chunks > 0) {
    runs.push_back(run);
  }
}

/// A layout string, read.
struct LayoutText {
  std::vector<LayoutPart> parts{};
  std::int64_t layers = 0;
  std::int64_t chunks = 0;
  std::int64_t mtp_layers = 0;
  std::int64_t mtp_chunk = 0;
  std::vector<Diagnostic> diagnostics{};
};

/// The field of the diagnostics is `pipeline_layout`.
[[nodiscard]] LayoutText read_layout_text(std::string_view text);

}  // namespace rankmesh
