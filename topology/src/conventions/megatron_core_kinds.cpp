#include <numeric>

#include "conventions/kind_table.hpp"
#include "conventions/megatron_core_mesh.hpp"

namespace rankmesh {
namespace {

enum MeshIndex : std::size_t { dense, experts };

int instances(const ParallelConfig& config) {
  return static_cast<int>(config.optimizer_instances);
}
bool has_instances(const ParallelConfig& config) {
  return config.optimizer_instances > 1;
}
bool has_weight_remat(const ParallelConfig& config) {
  return config.weight_remat > 1;
}
bool has_expert_weight_remat(const ParallelConfig& config) {
  return config.expert_weight_remat > 1;
}
bool has_any_remat(const ParallelConfig& config) {
  return has_weight_remat(config) || has_expert_weight_remat(config);
}
bool has_no_remat(const ParallelConfig& config) {
  return !has_any_remat(config);
}

/// Writes a position of a group with one digit for each level, the first level fastest. The groups of one
/// level hold the positions that differ in its digit only.
GroupFamily split_by_level(const GroupFamily& family, std::span<const std::int64_t> sizes,
                           std::size_t level) {
  std::vector<Digit> inside;
  std::vector<Digit> outside;
  std::int64_t stride = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    (i == level ? inside : outside).push_back({sizes[i], stride});
    stride *= sizes[i];
  }
  return family.split(Grouping(inside, outside));
}

GroupFamily cut_by_instance(const GroupFamily& data_context, const ParallelConfig& config, std::int64_t) {
  return data_context.cut(data_context.group_size() / instances(config));
}

GroupFamily within_instance(const GroupFamily& expert_data, const ParallelConfig& config, std::int64_t) {
  const std::int64_t sizes[] = {expert_data.group_size() / instances(config), instances(config)};
  return split_by_level(expert_data, sizes, 0);
}

GroupFamily across_instances(const GroupFamily& expert_data, const ParallelConfig& config, std::int64_t) {
  const std::int64_t sizes[] = {expert_data.group_size() / instances(config), instances(config)};
  return split_by_level(expert_data, sizes, 1);
}

/// Without rematerialised weights, the `tensor_expert_pipeline` groups are as many as the expert data
/// parallel size.
GroupFamily join_by_instance(const GroupFamily& copies, const ParallelConfig& config, std::int64_t) {
  return copies.join(copies.group_count() / instances(config));
}

std::vector<std::int64_t> hybrid_sizes(const GroupFamily& data_context, const ParallelConfig& config) {
  if (!config.hybrid_context) return {};
  return megatron_core::hybrid_sizes(data_context.group_size());
}

GroupFamily cut_to_size(const GroupFamily& data_context, const ParallelConfig&, std::int64_t size) {
  return data_context.cut(static_cast<int>(size));
}

std::vector<std::int64_t> levels(const GroupFamily&, const ParallelConfig& config) {
  std::vector<std::int64_t> numbers(config.hierarchical_context.size());
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

GroupFamily at_level(const GroupFamily& context, const ParallelConfig& config, std::int64_t level) {
  return split_by_level(context, config.hierarchical_context, static_cast<std::size_t>(level));
}

// One row per line.
// clang-format off
constexpr KindRow rows[] = {
    {.name = "remat", .short_name = "gtp_remat", .varying = "gtp"},
    {.name = "data_context", .short_name = "dp_cp", .varying = "dp+cp"},
    {.name = "intra_data_context", .short_name = "intra_dp_cp", .exists = has_instances, .alias_of = "data_context", .derivation = Derivation::split, .parent = "data_context", .derive = cut_by_instance},
    {.name = "hybrid_data_context", .short_name = "hybrid_dp_cp", .derivation = Derivation::split, .parent = "data_context", .derive = cut_to_size, .numbers = hybrid_sizes},
    {.name = "data", .short_name = "dp", .varying = "dp"},
    {.name = "remat_data", .short_name = "gtp_remat_dp", .varying = "gtp+dp", .exists = has_weight_remat, .alias_of = "data"},
    {.name = "remat_data_context", .short_name = "gtp_remat_dp_cp", .varying = "gtp+dp+cp", .exists = has_weight_remat, .alias_of = "data_context"},
    {.name = "context", .short_name = "cp", .varying = "cp"},
    {.name = "hierarchical_context", .short_name = "hcp", .derivation = Derivation::split, .parent = "context", .derive = at_level, .numbers = levels},
    {.name = "model", .short_name = "mp", .varying = "tp+gtp+pp"},
    {.name = "tensor", .short_name = "tp", .varying = "tp"},
    {.name = "pipeline", .short_name = "pp", .varying = "pp"},
    {.name = "embedding", .short_name = "embd", .derivation = Derivation::picked, .parent = "pipeline", .derive = pick_embedding_stages},
    {.name = "position_embedding", .short_name = "pos_embd", .derivation = Derivation::picked, .parent = "pipeline", .derive = pick_position_embedding_stages},
    {.name = "tensor_data_context", .short_name = "tp_dp_cp", .varying = "tp+gtp+dp+cp"},
    {.name = "tensor_data", .short_name = "tp_dp", .varying = "tp+gtp+dp"},
    {.name = "tensor_context", .short_name = "tp_cp", .varying = "tp+cp"},

    {.name = "expert_remat", .short_name = "expt_gtp_remat", .mesh = experts, .varying = "egtp"},
    {.name = "expert", .short_name = "ep", .mesh = experts, .varying = "ep"},
    {.name = "expert_tensor", .short_name = "ep_tp", .mesh = experts, .varying = "etp"},
    {.name = "tensor_expert", .short_name = "tp_ep_mp", .mesh = experts, .varying = "etp+ep"},
    {.name = "tensor_expert_pipeline", .short_name = "tp_ep_pp", .mesh = experts, .varying = "etp+ep+pp"},
    {.name = "tensor_expert_remat_pipeline", .short_name = "tp_ep_gtp_remat_pp", .mesh = experts, .varying = "etp+ep+egtp+pp"},
    {.name = "expert_data", .short_name = "ep_dp", .mesh = experts, .varying = "edp"},
    {.name = "expert_remat_data", .short_name = "ep_gtp_remat_dp", .mesh = experts, .varying = "egtp+edp", .exists = has_expert_weight_remat, .alias_of = "expert_data"},
    {.name = "intra_expert_data", .short_name = "intra_ep_dp", .exists = has_instances, .alias_of = "expert_data", .derivation = Derivation::split, .parent = "expert_data", .derive = within_instance},
    {.name = "inter_expert_data", .short_name = "inter_ep_dp", .exists = has_instances, .derivation = Derivation::split, .parent = "expert_data", .derive = across_instances},
    {.name = "intra_optimizer_instance", .short_name = "intra_dist_opt_instance", .mesh = experts, .varying = "etp+ep+egtp+edp+pp", .exists = has_any_remat},
    {.name = "intra_optimizer_instance", .short_name = "intra_dist_opt_instance", .exists = has_no_remat, .derivation = Derivation::joined, .parent = "tensor_expert_pipeline", .derive = join_by_instance},
};
// clang-format on
static_assert(has_sound_parents(rows));

}  // namespace

std::span<const KindRow> megatron_core_rows() noexcept {
  return rows;
}

std::vector<Mesh> megatron_core_meshes(const ParallelConfig& config) {
  return {Mesh(megatron_core::dense_axes(config)), Mesh(megatron_core::expert_axes(config))};
}

}  // namespace rankmesh
