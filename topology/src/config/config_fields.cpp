#include "config/config_fields.hpp"

#include <algorithm>
#include <array>

namespace rankmesh {
namespace {

using Config = ParallelConfig;
using C = Convention;

constexpr std::array<NamedValue<Convention>, 4> conventions{
    {{"reference", C::reference, "the nine kinds of the reference module parallel_state"},
     {"extended", C::extended, "the same, and sequence parallel also with tensor and pipeline parallel"},
     {"megatron-core", C::megatron_core, "the kinds of Megatron-Core"},
     {"mesh", C::mesh, "custom kinds on custom meshes"}}};
constexpr std::array<NamedValue<AmaxRule>, 2> amax_rules{
    {{"reference", AmaxRule::reference_blocks, "consecutive blocks of tensor * data ranks"},
     {"product", AmaxRule::data_tensor_product,
      "ranks that differ in tensor, data or sequence position (data_tensor_product)"}}};
constexpr std::array<NamedValue<VirtualPipelineRule>, 2> vpp_rules{
    {{"reference", VirtualPipelineRule::reference, "more than two"},
     {"megatron", VirtualPipelineRule::megatron, "more than one, as in Megatron-Core"}}};

constexpr std::array<C, 4> all{C::reference, C::extended, C::megatron_core, C::mesh};
constexpr auto with_pipeline = std::span(all).first(3);
constexpr auto like_reference = std::span(all).first(2);
constexpr auto only_megatron_core = std::span(all).subspan(2, 1);
constexpr auto placed = std::span(all).subspan(2, 2);

const std::array<ConfigField, 26> fields{{
    {"world", "world_size", &Config::world_size, all, "ranks of the job", "", true},
    {"convention", "convention", ChoiceField<Convention>{&Config::convention, conventions}, all,
     "the groups to make, and the meaning of the sizes"},
    {"tp", "tensor", &Config::tensor, with_pipeline, "tensor parallel size"},
    {"pp", "pipeline", &Config::pipeline, with_pipeline, "pipeline parallel size: the number of stages"},
    {"sp", "sequence", &Config::sequence, like_reference,
     "sequence parallel size; above 1 only with tensor = pipeline = 1, or with the convention extended"},
    {"vpp", "virtual_pipeline", &Config::virtual_pipeline, with_pipeline,
     "virtual pipeline stages (model chunks) of every stage"},
    {"split-rank", "split_rank", &Config::split_rank, with_pipeline,
     "first decoder stage of an encoder-decoder model"},
    {"fp8", "fp8", &Config::fp8, like_reference, "make the amax groups"},
    {"distributed-optimizer", "distributed_optimizer", &Config::distributed_optimizer, with_pipeline,
     "the optimizer is distributed; data groups get a second, host-side communicator"},
    {"amax-rule", "amax_rule", ChoiceField<AmaxRule>{&Config::amax_rule, amax_rules}, like_reference,
     "the ranks that an amax group holds"},
    {"vpp-rule", "virtual_pipeline_rule",
     ChoiceField<VirtualPipelineRule>{&Config::virtual_pipeline_rule, vpp_rules}, like_reference,
     "the number of pipeline stages that virtual stages need"},
    {"cp", "context", &Config::context, only_megatron_core, "context parallel size"},
    {"ep", "expert", &Config::expert, only_megatron_core, "expert parallel size"},
    {"etp", "expert_tensor", &Config::expert_tensor, only_megatron_core,
     "tensor parallel size of the experts", "that of the dense layers"},
    {"order", "order", &Config::order, only_megatron_core, "the axes; the leftmost varies fastest"},
    {"optimizer-instances", "optimizer_instances", &Config::optimizer_instances, only_megatron_core,
     "instances of the distributed optimizer"},
    {"hierarchical-cp", "hierarchical_context", &Config::hierarchical_context, only_megatron_core,
     "sizes of the levels of context parallelism, fastest first"},
    {"hybrid-cp", "hybrid_context", &Config::hybrid_context, only_megatron_core,
     "make the hybrid data and context groups"},
    {"gtp", "weight_remat", &Config::weight_remat, only_megatron_core,
     "ranks that rematerialise weights together"},
    {"egtp", "expert_weight_remat", &Config::expert_weight_remat, only_megatron_core,
     "ranks that rematerialise weights of experts together"},
    {"rank-offset", "rank_offset", &Config::rank_offset, placed, "first rank of the layout in the job"},
    {"job-size", "job_size", &Config::job_size, placed, "ranks of the whole job",
     "up to the end of the layout"},
    {"embedding-stages", "embedding_stages", &Config::embedding_stages, only_megatron_core,
     "stages with the word embedding; -1 is the last stage", "0, split, -1"},
    {"position-embedding-stages", "position_embedding_stages", &Config::position_embedding_stages,
     only_megatron_core, "stages with the position embedding; -1 is the last stage", "0, split"},
    {"axes", "meshes", &Config::meshes, all, "meshes of your own; the leftmost axis varies fastest"},
    {"groups", "kinds", &Config::kinds, all,
     "kinds of group of your own, on these meshes or those of the convention"},
}};

}  // namespace

std::span<const ConfigField> config_fields() {
  return fields;
}

const ConfigField* find_field(std::string_view name) {
  const auto* found =
      std::find_if(fields.begin(), fields.end(), [&](const ConfigField& f) { return f.field == name; });
  return found == fields.end() ? nullptr : found;
}

std::string_view convention_text(Convention convention) {
  return std::find_if(conventions.begin(), conventions.end(),
                      [&](const auto& named) { return named.value == convention; })
      ->word;
}

void sort_by_field(std::vector<Diagnostic>& diagnostics) {
  const auto place = [](const Diagnostic& diagnostic) {
    return std::find_if(fields.begin(), fields.end(),
                        [&](const ConfigField& f) { return f.field == diagnostic.field; });
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

}  // namespace rankmesh
