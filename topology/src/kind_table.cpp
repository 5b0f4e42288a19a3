#include "kind_table.hpp"

#include <string_view>

namespace rankmesh {
namespace {

/// The views of the world that rows of the table name.
enum MeshIndex : std::size_t { grid, amax_blocks };

using Stages = std::vector<int> (*)(const ParallelConfig&);

/// One kind: which axes of which mesh vary, and for a kind that picks, which stages of the pipeline groups.
struct Row {
  GroupKind kind;
  MeshIndex mesh;
  std::vector<std::string_view> varying;
  Stages stages = nullptr;
};

/// Adds the split stage to the first and, if wanted, the last.
std::vector<int> stages_with_split(const ParallelConfig& config, bool with_last) {
  std::vector<int> stages{0};
  const auto add = [&](std::int64_t stage) {
    if (stage > stages.back()) stages.push_back(static_cast<int>(stage));
  };
  if (config.split_rank && config.pipeline > 1) add(*config.split_rank);
  if (with_last) add(config.pipeline - 1);
  return stages;
}

std::vector<int> embedding_stages(const ParallelConfig& config) {
  return stages_with_split(config, true);
}
std::vector<int> position_embedding_stages(const ParallelConfig& config) {
  return stages_with_split(config, false);
}

bool is_made(const Row& row, const ParallelConfig& config) {
  return row.kind != GroupKind::amax || config.fp8;
}

KindFamily make(const Row& row, const ParallelConfig& config, std::span<const Mesh> meshes) {
  KindFamily result{.kind = row.kind,
                    .family = meshes[row.mesh].family(row.varying),
                    .mesh = row.mesh,
                    .varying = {row.varying.begin(), row.varying.end()}};
  if (row.stages != nullptr) {
    result.family = result.family.pick(row.stages(config));
    result.picked_from = GroupKind::pipeline;
  }
  return result;
}

}  // namespace

std::vector<Mesh> reference_meshes(const ParallelConfig& config) {
  const std::int64_t data = config.world_size / (config.tensor * config.pipeline * config.sequence);
  const std::int64_t block = config.tensor * data;
  return {Mesh({{"tp", config.tensor}, {"sp", config.sequence}, {"dp", data}, {"pp", config.pipeline}}),
          Mesh({{"block", block}, {"blocks", config.world_size / block}})};
}

std::vector<KindFamily> reference_kinds(const ParallelConfig& config, std::span<const Mesh> meshes) {
  using K = GroupKind;
  const Row amax = config.amax_rule == AmaxRule::reference_blocks ? Row{K::amax, amax_blocks, {"block"}}
                                                                  : Row{K::amax, grid, {"tp", "sp", "dp"}};
  const std::vector<Row> rows = {
      {K::data, grid, {"dp"}},
      {K::sequence, grid, {"sp"}},
      {K::sequence_data, grid, {"sp", "dp"}},
      {K::model, grid, {"tp", "pp"}},
      {K::tensor, grid, {"tp"}},
      {K::pipeline, grid, {"pp"}},
      {K::embedding, grid, {"pp"}, embedding_stages},
      {K::position_embedding, grid, {"pp"}, position_embedding_stages},
      amax,
  };
  std::vector<KindFamily> kinds;
  for (const Row& row : rows) {
    if (is_made(row, config)) kinds.push_back(make(row, config, meshes));
  }
  return kinds;
}

}  // namespace rankmesh
