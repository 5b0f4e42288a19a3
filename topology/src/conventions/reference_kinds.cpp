#include "conventions/kind_table.hpp"

namespace rankmesh {
namespace {

enum MeshIndex : std::size_t { grid, amax_blocks };

/// Whether the amax groups are blocks of consecutive ranks, which no axes of the grid give.
bool has_amax_blocks(const ParallelConfig& config) {
  return config.fp8 && config.convention == Convention::reference &&
         config.amax_rule == AmaxRule::reference_blocks;
}

bool has_amax_product(const ParallelConfig& config) {
  return config.fp8 && !has_amax_blocks(config);
}

// One row per line.
// clang-format off
constexpr KindRow rows[] = {
    {.name = "data", .short_name = "dp", .varying = "dp"},
    {.name = "sequence", .short_name = "sp", .varying = "sp"},
    {.name = "sequence_data", .short_name = "sp_dp", .varying = "sp+dp"},
    {.name = "model", .short_name = "mp", .varying = "tp+pp"},
    {.name = "tensor", .short_name = "tp", .varying = "tp"},
    {.name = "pipeline", .short_name = "pp", .varying = "pp"},
    {.name = "embedding", .short_name = "embd", .derivation = Derivation::picked, .parent = "pipeline", .derive = pick_embedding_stages},
    {.name = "position_embedding", .short_name = "pos_embd", .derivation = Derivation::picked, .parent = "pipeline", .derive = pick_position_embedding_stages},
    {.name = "amax", .short_name = "amax", .mesh = amax_blocks, .varying = "block", .exists = has_amax_blocks},
    {.name = "amax", .short_name = "amax", .varying = "tp+sp+dp", .exists = has_amax_product},
};
// clang-format on
static_assert(has_sound_parents(rows));

}  // namespace

std::span<const KindRow> reference_rows() noexcept {
  return rows;
}

std::vector<Mesh> reference_meshes(const ParallelConfig& config) {
  const std::int64_t data = config.world_size / (config.tensor * config.pipeline * config.sequence);
  std::vector<Mesh> meshes;
  meshes.push_back(
      Mesh({{"tp", config.tensor}, {"sp", config.sequence}, {"dp", data}, {"pp", config.pipeline}}));
  if (has_amax_blocks(config)) {
    const std::int64_t block = config.tensor * data;
    meshes.push_back(Mesh({{"block", block}, {"blocks", config.world_size / block}}));
  }
  return meshes;
}

}  // namespace rankmesh
