#include <string>

#include "conventions/kind_table.hpp"
#include "conventions/megatron_core_mesh.hpp"

namespace rankmesh {
namespace {

enum MeshIndex : std::size_t { dense, experts };

using Derive = std::function<GroupFamily(const GroupFamily&)>;

/// The positions of a group written with one digit for each level, the first fastest: the groups of one level
/// are the positions that differ in its digit alone.
Derive level(const std::vector<std::int64_t>& sizes, std::size_t wanted) {
  std::vector<Digit> inside;
  std::vector<Digit> outside;
  std::int64_t stride = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    (i == wanted ? inside : outside).push_back({sizes[i], stride});
    stride *= sizes[i];
  }
  const Grouping positions(inside, outside);
  return [positions](const GroupFamily& family) { return family.split(positions); };
}

Derive cut(std::int64_t piece) {
  return [piece](const GroupFamily& family) { return family.cut(static_cast<int>(piece)); };
}

Derive join(std::int64_t run) {
  return [run](const GroupFamily& family) { return family.join(static_cast<int>(run)); };
}

class Rows {
 public:
  Rows(const ParallelConfig& config, std::int64_t data, std::int64_t expert_data)
      : config_(config),
        data_context_(data * config.context),
        expert_data_(expert_data),
        instances_(config.optimizer_instances) {}

  std::vector<KindRow> make() {
    add_dense();
    add_experts();
    return std::move(rows_);
  }

 private:
  void add(KindRow row, bool is_made = true) {
    if (is_made) rows_.push_back(std::move(row));
  }

  void add_dense() {
    using enum Derivation;
    const bool shards = config_.weight_remat > 1;
    add({"remat", dense, {"gtp"}});
    add({"data_context", dense, {"dp", "cp"}});
    add({"intra_data_context", dense, {}, split, "data_context", cut(data_context_ / instances_)},
        instances_ > 1);
    if (config_.hybrid_context) add_hybrid();
    add({"data", dense, {"dp"}});
    add({"remat_data", dense, {"gtp", "dp"}}, shards);
    add({"remat_data_context", dense, {"gtp", "dp", "cp"}}, shards);
    add({"context", dense, {"cp"}});
    add_levels_of_context();
    add({"model", dense, {"tp", "gtp", "pp"}});
    add({"tensor", dense, {"tp"}});
    add({"pipeline", dense, {"pp"}});
    add({"embedding", dense, {}, picked, "pipeline", pick(embedding_places(config_))});
    add({"position_embedding", dense, {}, picked, "pipeline", pick(position_embedding_places(config_))});
    add({"tensor_data_context", dense, {"tp", "gtp", "dp", "cp"}});
    add({"tensor_data", dense, {"tp", "gtp", "dp"}});
    add({"tensor_context", dense, {"tp", "cp"}});
  }

  void add_experts() {
    using enum Derivation;
    const std::vector<std::int64_t> levels{expert_data_ / instances_, instances_};
    const bool shards = config_.weight_remat > 1 || config_.expert_weight_remat > 1;
    add({"expert_remat", experts, {"egtp"}});
    add({"expert", experts, {"ep"}});
    add({"expert_tensor", experts, {"etp"}});
    add({"tensor_expert", experts, {"etp", "ep"}});
    add({"tensor_expert_pipeline", experts, {"etp", "ep", "pp"}});
    add({"tensor_expert_remat_pipeline", experts, {"etp", "ep", "egtp", "pp"}});
    add({"expert_data", experts, {"edp"}});
    add({"expert_remat_data", experts, {"egtp", "edp"}}, config_.expert_weight_remat > 1);
    add({"intra_expert_data", experts, {}, split, "expert_data", level(levels, 0)}, instances_ > 1);
    add({"inter_expert_data", experts, {}, split, "expert_data", level(levels, 1)}, instances_ > 1);
    if (shards) {
      add({optimizer_instance, experts, {"etp", "ep", "egtp", "edp", "pp"}});
    } else {
      add({optimizer_instance, experts, {}, joined, "tensor_expert_pipeline", join(levels[0])});
    }
  }

  void add_hybrid() {
    for (const std::int64_t size : megatron_core::hybrid_sizes(data_context_)) {
      const std::string suffix = "_" + std::to_string(size);
      add({"hybrid_data_context" + suffix, dense, {}, Derivation::split, "data_context", cut(size)});
    }
  }

  void add_levels_of_context() {
    const std::vector<std::int64_t>& sizes = config_.hierarchical_context;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const std::string suffix = "_" + std::to_string(i);
      add({"hierarchical_context" + suffix, dense, {}, Derivation::split, "context", level(sizes, i)});
    }
  }

  static constexpr const char* optimizer_instance = "intra_optimizer_instance";

  const ParallelConfig& config_;
  std::int64_t data_context_;
  std::int64_t expert_data_;
  std::int64_t instances_;
  std::vector<KindRow> rows_;
};

}  // namespace

KindTable megatron_core_table(const ParallelConfig& config) {
  std::vector<Mesh> meshes{Mesh(megatron_core::dense_axes(config)), Mesh(megatron_core::expert_axes(config))};
  const auto size = [](const Mesh& mesh, std::string_view axis) {
    return mesh.find(axis) ? mesh.size(axis) : 1;
  };
  const std::vector<KindRow> rows =
      Rows(config, size(meshes[dense], "dp"), size(meshes[experts], "edp")).make();
  std::vector<KindFamily> kinds = make_kinds(rows, meshes, config);
  return {std::move(meshes), std::move(kinds)};
}

}  // namespace rankmesh
