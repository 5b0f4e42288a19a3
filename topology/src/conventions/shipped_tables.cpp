// The conventions that are tables: inference engines and other systems. docs/dialects.md names the versions.

#include <algorithm>
#include <array>

#include "rankmesh/topology/convention_table.hpp"

namespace rankmesh {
namespace {

// Axes are listed from the fastest to the slowest.
// clang-format off

ConventionTable deepspeed() {
  return {
      .name = "deepspeed",
      .summary = "DeepSpeed 0.19: PipelineParallelGrid, ZeRO++ hpZ, all-to-all; without its overlapping p2p pairs",
      .sizes = {{"pipe", "1"}, {"model", "1"}, {"data", "world_size / (pipe * model)"},
                {"zero_hpz_partition_size", "1"}, {"devices_per_node", "1"}},
      .meshes = {"model=model,data=data,pipe=pipe",
                 "shard=zero_hpz_partition_size,shards=(world_size / zero_hpz_partition_size)",
                 "device=devices_per_node,node=(world_size / devices_per_node)"},
      .kinds = {{"ds_model", "model+pipe"}, {"data", "data"}, {"pipe", "pipe"}, {"model", "model"},
                {"zero_param_intra", "shard"},
                {"local_all_to_all", "device"},
                {"local_all_to_all_across", "node", "world_size > devices_per_node", "local_all_to_all"}}};
}

ConventionTable megatron_bridge() {
  return {
      .name = "megatron-bridge",
      .summary = "Megatron-Bridge 0.6 with use_decentralized_pg",
      .sizes = {{"tp", "1"}, {"cp", "1"}, {"pp", "1"}, {"ep", "1"}, {"etp", "tp"}, {"optimizer_instances", "1"}},
      .meshes = {"tp=tp,cp=cp,dp=(world_size / (tp * cp * pp)),pp=pp",
                 "etp=etp,ep=ep,inner_dp=(world_size / (etp * ep * pp * optimizer_instances)),"
                 "outer_dp=optimizer_instances,pp=pp"},
      .kinds = {{"tp", "tp"}, {"pp", "pp"}, {"mp", "tp+pp"}, {"embd", "pp[0,-1]"}, {"pos_embd", "pp[0]"}, {"cp", "cp"},
                {"tp_cp", "tp+cp"}, {"ep", "ep"}, {"expt_tp", "etp"}, {"tp_ep", "etp+ep"}, {"tp_ep_pp", "etp+ep+pp"},
                {"tp_dp_cp", "tp+cp+dp"}, {"dp", "dp"}, {"dp_cp", "cp+dp"}, {"expt_dp", "inner_dp+outer_dp"},
                {"intra_dp_cp", "cp+dp"}, {"intra_expt_dp", "inner_dp"}, {"inter_dist_opt", "outer_dp"},
                {"intra_dist_opt", "etp+ep+inner_dp+pp"}}};
}

ConventionTable sglang() {
  return {
      .name = "sglang",
      .summary = "SGLang 0.5",
      .sizes = {{"pp", "1"}, {"tp", "world_size / pp"}, {"attn_dp", "1"}, {"attn_cp", "1"}, {"moe_ep", "1"}, {"moe_dp", "1"},
                {"dcp", "1"}, {"shared", "1"}},
      .rules = {{"dcp", "tp % dcp == 0", "does not divide tp"}, {"shared", "tp % shared == 0", "does not divide tp"}},
      .meshes = {"tp=tp,pp=pp",
                 "attn_tp=(tp / (attn_dp * attn_cp)),attn_cp=attn_cp,attn_dp=attn_dp,pp=pp",
                 "moe_tp=(tp / (moe_ep * moe_dp)),moe_ep=moe_ep,moe_dp=moe_dp,pp=pp",
                 "dcp=dcp,dcps=-1",
                 "shared=shared,shareds=-1"},
      .kinds = {{"tp", "tp"}, {"pp", "pp"}, {"moe_ep", "moe_ep"},
                {"moe_dp", "moe_dp", "attn_cp <= moe_dp"}, {"moe_dp", "attn_cp", "attn_cp > moe_dp"},
                {"moe_tp", "moe_tp"}, {"attn_tp", "attn_tp"}, {"attn_cp", "attn_cp"},
                {"shared_experts_tp", "shared", "shared > 1"}, {"dcp", "dcp", "dcp > 1"}}};
}

ConventionTable tensorrt_llm() {
  return {
      .name = "tensorrt-llm",
      .summary = "TensorRT-LLM, mapping.py of 2026. With ULYSSES, only the first tp * pp ranks have groups of experts",
      .sizes = {{"pp_size", "1"}, {"cp_size", "1"}, {"tp_size", "world_size / (pp_size * cp_size)"},
                {"cp_type", "", {"ULYSSES", "HELIX"}}, {"moe_cluster_size", "1"}, {"moe_ep_size", "1"},
                {"moe_tp_size", "(cp_type == 'HELIX' ? tp_size * cp_size : tp_size) / (moe_ep_size * moe_cluster_size)"}},
      .rules = {{"moe_tp_size",
                 "moe_tp_size * moe_ep_size * moe_cluster_size == (cp_type == 'HELIX' ? tp_size * cp_size : tp_size)",
                 "does not work: moe_tp_size * moe_ep_size * moe_cluster_size is not tp_size, or with HELIX tp_size * cp_size"}},
      .meshes = {"cp=cp_size,tp=tp_size,pp=pp_size",
                 "moe_ep=moe_ep_size,moe_cluster=moe_cluster_size,moe_tp=moe_tp_size,moe_pp=pp_size,moe_rest=-1"},
      .kinds = {{"tp", "tp"}, {"pp", "pp"}, {"cp", "cp"}, {"moe_tp", "moe_tp@moe_rest=0"},
                {"moe_ep", "moe_ep@moe_rest=0"}, {"moe_cluster", "moe_ep+moe_cluster@moe_rest=0"}}};
}

ConventionTable vllm() {
  return {
      .name = "vllm",
      .summary = "vLLM 0.33",
      .sizes = {{"tp", "1"}, {"pcp", "1"}, {"pp", "1"}, {"dp", "1"}, {"external_dp", "world_size / (tp * pcp * pp * dp)"},
                {"dcp", "1"}, {"engram", "", {"none", "etp"}}},
      .rules = {{"dcp", "tp * pcp % dcp == 0", "does not divide tp * pcp"}},
      .meshes = {"tp=tp,pcp=pcp,pp=pp,dp=dp,external_dp=external_dp"},
      .kinds = {{"tp", "tp"}, {"etp", "tp+pcp+dp", "engram == 'etp'"}, {"dcp", "", "dcp == 1"},
                {"dcp", "pcp.tp/dcp", "dcp > 1"}, {"pcp", "pcp"},
                {"pp", "pp#pcp+tp"}, {"dp", "dp#pcp+pp+tp"}, {"ep", "tp+pcp+dp"}}};
}

ConventionTable xdit() {
  return {
      .name = "xdit",
      .summary = "xDiT 0.7 with yunchang 0.6, whose ulysses and ring groups ignore tensor parallelism",
      .sizes = {{"tensor", "1"}, {"ulysses", "1"}, {"ring", "1"}, {"pipefusion", "1"}, {"cfg", "1"},
                {"dp", "world_size / (tensor * ulysses * ring * pipefusion * cfg)"}, {"fully_shard", "1"}},
      .meshes = {"tp=tensor,sp=(ulysses * ring),pp=pipefusion,cfg=cfg,dp=dp",
                 "fs=fully_shard,fss=-1",
                 "ulysses=ulysses,ring=ring,rings=-1"},
      .kinds = {{"model_replica", "tp+sp+pp+cfg"}, {"dp", "dp"}, {"cfg", "cfg"}, {"pp", "pp"}, {"sp", "sp"}, {"tp", "tp"},
                {"fs", "fs"}, {"ulysses", "ulysses"}, {"ring", "ring"}}};
}

// clang-format on

}  // namespace

std::span<const ConventionTable> convention_tables() {
  static const std::array tables{deepspeed(), megatron_bridge(), sglang(), tensorrt_llm(), vllm(), xdit()};
  return tables;
}

const ConventionTable* find_convention_table(std::string_view name) {
  const auto tables = convention_tables();
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const ConventionTable& t) { return t.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

}  // namespace rankmesh
