#include "conventions/kind_table.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "conventions/megatron_core_mesh.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

KindFamily whole(const KindRow& row, std::span<const Mesh> meshes, const ParallelConfig& config) {
  const Mesh& mesh = meshes[row.mesh];
  std::vector<std::string_view> varying = split_text(row.varying, '+');
  std::erase_if(varying, [&](std::string_view axis) { return !mesh.find(axis); });
  return {.kind = GroupKind(row.name),
          .short_name = GroupKind(row.short_name),
          .family = placed(mesh.family(varying), config),
          .mesh = row.mesh,
          .varying = {varying.begin(), varying.end()}};
}

KindFamily derived(const KindRow& row, const KindFamily& parent, GroupFamily family) {
  return {.kind = GroupKind(row.name),
          .short_name = GroupKind(row.short_name),
          .family = std::move(family),
          .mesh = parent.mesh,
          .varying = parent.varying,
          .derivation = row.derivation,
          .parent = parent.kind};
}

/// @param kind_count how many kinds there are if each row stands for one
void add_derived(const KindRow& row, const ParallelConfig& config, std::size_t kind_count,
                 std::vector<KindFamily>& kinds) {
  const auto parent = static_cast<std::size_t>(
      std::find_if(kinds.begin(), kinds.end(),
                   [&](const KindFamily& kind) { return kind.kind.name() == row.parent; }) -
      kinds.begin());
  const auto derive = [&](std::int64_t number) {
    return derived(row, kinds[parent], row.derive(kinds[parent].family, config, number));
  };
  if (row.numbers == nullptr) {
    kinds.push_back(derive(0));
    return;
  }
  const std::vector<std::int64_t> numbers = row.numbers(kinds[parent].family, config);
  kinds.reserve(kind_count + numbers.size());
  for (const std::int64_t number : numbers) {
    KindFamily kind = derive(number);
    const std::string suffix = "_" + std::to_string(number);
    kind.kind = GroupKind(std::string(row.name) + suffix);
    kind.short_name = GroupKind(std::string(row.short_name) + suffix);
    kinds.push_back(std::move(kind));
  }
}

std::vector<KindFamily> make_kinds(std::span<const KindRow> rows, std::span<const Mesh> meshes,
                                   const ParallelConfig& config) {
  std::vector<KindFamily> kinds;
  // A kind takes 3 KB, so growing the vector would cost more than making the kinds. A row that stands for
  // several kinds reserves for them; such rows are near the beginning of their table.
  const bool has_numbered_rows =
      std::any_of(rows.begin(), rows.end(), [](const KindRow& row) { return row.numbers != nullptr; });
  if (!has_numbered_rows) kinds.reserve(rows.size());
  for (const KindRow& row : rows) {
    if (row.exists != nullptr && !row.exists(config)) continue;
    if (row.derivation == Derivation::whole) {
      kinds.push_back(whole(row, meshes, config));
    } else {
      add_derived(row, config, rows.size(), kinds);
    }
  }
  return kinds;
}

std::vector<int> first_and_split(const ParallelConfig& config) {
  std::vector<int> stages{0};
  if (config.split_rank && config.pipeline > 1 && *config.split_rank > 0) {
    stages.push_back(static_cast<int>(*config.split_rank));
  }
  return stages;
}

}  // namespace

GroupFamily placed(const GroupFamily& family, const ParallelConfig& config) {
  const std::int64_t job = config.job_size.value_or(config.rank_offset + config.world_size);
  return family.placed(static_cast<int>(config.rank_offset), static_cast<int>(job));
}

KindTable kind_table(const ParallelConfig& config) {
  KindTable table = convention_table(config);
  add_own_kinds(config, table);
  return table;
}

KindTable convention_table(const ParallelConfig& config) {
  if (config.convention == Convention::mesh) return {};
  const bool is_megatron_core = config.convention == Convention::megatron_core;
  std::vector<Mesh> meshes = is_megatron_core ? megatron_core_meshes(config) : reference_meshes(config);
  std::vector<KindFamily> kinds =
      make_kinds(is_megatron_core ? megatron_core_rows() : reference_rows(), meshes, config);
  return {std::move(meshes), std::move(kinds)};
}

std::string_view alias_of(std::string_view kind) noexcept {
  const auto rows = megatron_core_rows();
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const KindRow& r) { return r.name == kind; });
  return found == rows.end() ? std::string_view() : found->alias_of;
}

GroupFamily pick_embedding_stages(const GroupFamily& pipeline, const ParallelConfig& config,
                                  std::int64_t /*number*/) {
  if (!config.embedding_stages.empty()) {
    return pipeline.pick(megatron_core::places_of(config.embedding_stages, config.pipeline));
  }
  std::vector<int> stages = first_and_split(config);
  if (config.pipeline - 1 > stages.back()) stages.push_back(static_cast<int>(config.pipeline - 1));
  return pipeline.pick(stages);
}

GroupFamily pick_position_embedding_stages(const GroupFamily& pipeline, const ParallelConfig& config,
                                           std::int64_t /*number*/) {
  if (config.position_embedding_stages.empty()) return pipeline.pick(first_and_split(config));
  return pipeline.pick(megatron_core::places_of(config.position_embedding_stages, config.pipeline));
}

}  // namespace rankmesh
