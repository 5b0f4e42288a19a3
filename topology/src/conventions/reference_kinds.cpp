#include "conventions/kind_table.hpp"

namespace rankmesh {
namespace {

constexpr std::size_t most_kinds = 9;

/// The views of the world that rows name.
enum MeshIndex : std::size_t { grid, amax_blocks };

/// Whether the amax groups are blocks of consecutive ranks, which no axes of the grid make.
bool has_amax_blocks(const ParallelConfig& config) {
  return config.fp8 && config.convention == Convention::reference &&
         config.amax_rule == AmaxRule::reference_blocks;
}

}  // namespace

KindTable reference_table(const ParallelConfig& config) {
  const std::int64_t data = config.world_size / (config.tensor * config.pipeline * config.sequence);
  std::vector<Mesh> meshes;
  meshes.push_back(
      Mesh({{"tp", config.tensor}, {"sp", config.sequence}, {"dp", data}, {"pp", config.pipeline}}));
  if (has_amax_blocks(config)) {
    const std::int64_t block = config.tensor * data;
    meshes.push_back(Mesh({{"block", block}, {"blocks", config.world_size / block}}));
  }

  std::vector<KindRow> rows;
  rows.reserve(most_kinds);
  const auto add = [&](KindRow row) { rows.push_back(std::move(row)); };
  using enum Derivation;
  add({"data", grid, {"dp"}});
  add({"sequence", grid, {"sp"}});
  add({"sequence_data", grid, {"sp", "dp"}});
  add({"model", grid, {"tp", "pp"}});
  add({"tensor", grid, {"tp"}});
  add({"pipeline", grid, {"pp"}});
  add({"embedding", grid, {}, picked, "pipeline", pick(embedding_places(config))});
  add({"position_embedding", grid, {}, picked, "pipeline", pick(position_embedding_places(config))});
  if (has_amax_blocks(config)) {
    add({"amax", amax_blocks, {"block"}});
  } else if (config.fp8) {
    add({"amax", grid, {"tp", "sp", "dp"}});
  }
  std::vector<KindFamily> kinds = make_kinds(rows, meshes, config);
  return {std::move(meshes), std::move(kinds)};
}

}  // namespace rankmesh
