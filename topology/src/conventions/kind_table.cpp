#include "conventions/kind_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "conventions/megatron_core_mesh.hpp"
#include "rankmesh/topology/kind_names.hpp"

namespace rankmesh {
namespace {

KindFamily whole(const KindRow& row, std::span<const Mesh> meshes, const ParallelConfig& config) {
  const Mesh& mesh = meshes[row.mesh];
  std::vector<std::string_view> varying = row.varying;
  std::erase_if(varying, [&](std::string_view axis) { return !mesh.find(axis); });
  const GroupKind kind(row.kind);
  return {.kind = kind,
          .short_name = short_name_of(kind),
          .family = placed(mesh.family(varying), config),
          .mesh = row.mesh,
          .varying = {varying.begin(), varying.end()}};
}

KindFamily derived(const KindRow& row, std::span<const KindFamily> before) {
  const KindFamily& parent = *std::find_if(before.begin(), before.end(),
                                           [&](const KindFamily& k) { return k.kind.name() == row.parent; });
  const GroupKind kind(row.kind);
  return {.kind = kind,
          .short_name = short_name_of(kind),
          .family = row.derive(parent.family),
          .mesh = parent.mesh,
          .varying = parent.varying,
          .derivation = row.derivation,
          .parent = parent.kind};
}

std::vector<int> first_and_split(const ParallelConfig& config) {
  std::vector<int> stages{0};
  if (config.split_rank && config.pipeline > 1 && *config.split_rank > 0) {
    stages.push_back(static_cast<int>(*config.split_rank));
  }
  return stages;
}

}  // namespace

std::function<GroupFamily(const GroupFamily&)> pick(std::vector<int> positions) {
  return [positions = std::move(positions)](const GroupFamily& family) { return family.pick(positions); };
}

GroupFamily placed(const GroupFamily& family, const ParallelConfig& config) {
  const std::int64_t job = config.job_size.value_or(config.rank_offset + config.world_size);
  return family.placed(static_cast<int>(config.rank_offset), static_cast<int>(job));
}

std::vector<KindFamily> make_kinds(std::span<const KindRow> rows, std::span<const Mesh> meshes,
                                   const ParallelConfig& config) {
  std::vector<KindFamily> kinds;
  kinds.reserve(rows.size());
  for (const KindRow& row : rows) {
    kinds.push_back(row.derivation == Derivation::whole ? whole(row, meshes, config) : derived(row, kinds));
  }
  return kinds;
}

KindTable kind_table(const ParallelConfig& config) {
  switch (config.convention) {
    case Convention::megatron_core:
      return megatron_core_table(config);
    case Convention::mesh:
      return mesh_table(config);
    case Convention::reference:
    case Convention::extended:
      break;
  }
  return reference_table(config);
}

std::string_view stand_in(std::string_view kind) noexcept {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> pairs{
      {{"intra_data_context", "data_context"},
       {"remat_data", "data"},
       {"remat_data_context", "data_context"},
       {"expert_remat_data", "expert_data"},
       {"intra_expert_data", "expert_data"}}};
  const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const auto& p) { return p.first == kind; });
  return found == pairs.end() ? std::string_view() : found->second;
}

std::vector<int> embedding_places(const ParallelConfig& config) {
  if (!config.embedding_stages.empty()) {
    return megatron_core::places_of(config.embedding_stages, config.pipeline);
  }
  std::vector<int> stages = first_and_split(config);
  if (config.pipeline - 1 > stages.back()) stages.push_back(static_cast<int>(config.pipeline - 1));
  return stages;
}

std::vector<int> position_embedding_places(const ParallelConfig& config) {
  if (config.position_embedding_stages.empty()) return first_and_split(config);
  return megatron_core::places_of(config.position_embedding_stages, config.pipeline);
}

}  // namespace rankmesh
