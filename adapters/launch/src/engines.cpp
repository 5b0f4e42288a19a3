// Inference engines. Their groups are tables of conventions.

#include <algorithm>

#include "rankmesh/topology/convention_table.hpp"
#include "systems.hpp"

namespace rankmesh::launch {
namespace {

using Sizes = std::vector<std::pair<std::string, Number>>;

/// The layout of a table from sizes under its own names.
void set_table(Reading& reading, std::string_view table, const Sizes& sizes) {
  if (reading.is_wrong() || !reading.file().world_size) return;
  ConventionValues values{.world_size = *reading.file().world_size,
                          .rank_offset = reading.known().rank_offset,
                          .job_size = reading.known().job_size};
  std::vector<std::pair<std::string, const Setting*>> names;
  for (const auto& [name, number] : sizes) {
    values.sizes[name] = std::to_string(number.or_one());
    names.emplace_back(name, number.from);
  }
  reading.set_config([&] { return layout_of(*find_convention_table(table), values); }, names);
}

/// The size of the world, which for engines follows from their sizes.
void set_product(Reading& reading, std::initializer_list<Number> factors) {
  if (reading.known().world_size) return reading.set_world({});
  std::int64_t product = 1;
  for (const Number& factor : factors) product = capped_product({product, factor.or_one()});
  if (product <= most_ranks) {
    reading.file().world_size = product;
    return;
  }
  for (const Number& factor : factors) {
    if (factor.from == nullptr || factor.or_one() == 1) continue;
    reading.refuse(*factor.from, "times the other sizes is above " + std::to_string(most_ranks));
    return;
  }
}

void read_heads(Reading& reading, const Number& tensor) {
  if (reading.known().heads) reading.require_heads({reading.known().heads, nullptr}, tensor);
}

}  // namespace

void read_vllm(Reading& reading, std::string_view) {
  const std::vector<std::string> top{""};
  LaunchFile& file = reading.file();
  const Number tensor = reading.number(top, {"tensor_parallel_size", "tp"});
  const Number pipeline = reading.number(top, {"pipeline_parallel_size", "pp"});
  const Number data = reading.number(top, {"data_parallel_size", "dp"});
  const Number prefill = reading.number(top, {"prefill_context_parallel_size", "pcp"});
  const Number decode = reading.number(top, {"decode_context_parallel_size", "dcp"});
  const bool has_experts = reading.is_on(reading.find(top, {"enable_expert_parallel", "ep"}));
  reading.add_size("tp", tensor);
  reading.add_size("pp", pipeline);
  reading.add_size("dp", data);
  const std::int64_t experts = capped_product({tensor.or_one(), data.or_one(), prefill.or_one()});
  reading.add_size("ep", has_experts ? std::optional(experts) : std::nullopt);
  if (prefill.from != nullptr) reading.add_size("pcp", prefill);
  if (decode.from != nullptr) reading.add_size("dcp", decode);
  file.order = prefill.from != nullptr ? "tp-pcp-pp-dp" : "tp-pp-dp";
  set_product(reading, {tensor, pipeline, data, prefill});
  read_heads(reading, tensor);
  set_table(reading, "vllm",
            {{"tp", tensor}, {"pp", pipeline}, {"dp", data}, {"pcp", prefill}, {"dcp", decode}});
}

void read_sglang(Reading& reading, std::string_view) {
  const std::vector<std::string> top{""};
  LaunchFile& file = reading.file();
  const Number tensor = reading.number(top, {"tensor_parallel_size", "tp_size", "tp"});
  const Number pipeline = reading.number(top, {"pipeline_parallel_size", "pp_size", "pp"});
  const Number data = reading.number(top, {"data_parallel_size", "dp_size", "dp"});
  Number experts = reading.number(top, {"expert_parallel_size", "ep_size", "ep"});
  const Number expert_data = reading.number(top, {"moe_data_parallel_size", "moe_dp_size"});
  const Number attention_context = reading.number(top, {"attention_context_parallel_size", "attn_cp_size"});
  const Setting* all_to_all = reading.find(top, {"moe_a2a_backend"});
  const bool spreads = reading.is_on(reading.find(top, {"enable_ep_moe", "enable_deepep_moe"})) ||
                       (all_to_all != nullptr && all_to_all->text && *all_to_all->text != "none");
  if (spreads) experts = {tensor.or_one(), experts.from};
  const bool is_inside = reading.is_on(reading.find(top, {"enable_dp_attention"}));
  reading.add_size("tp", tensor);
  reading.add_size("pp", pipeline);
  reading.add_size("dp", data);
  reading.add_size("ep", experts);
  if (is_inside) {
    const std::int64_t replicas = capped_product({data.or_one(), attention_context.or_one()});
    if (tensor.or_one() % replicas != 0 && data.from != nullptr) {
      reading.refuse(*data.from, Phrase("does not divide " + named("tp", tensor) +
                                        ", inside which the replicas of attention lie"));
      return;
    }
    reading.add_size("attention_tp", tensor.or_one() / replicas);
  }
  read_heads(reading, is_inside ? Number{} : tensor);
  const Number replicas = is_inside ? Number{} : data;
  set_product(reading, {tensor, pipeline, replicas});
  // Replicas of a whole engine have groups of their own; those of one are those of a world without the
  // others.
  const std::int64_t engines = replicas.or_one();
  if (engines > 1 && file.world_size) {
    const auto all = file.world_size;
    reading.note("each of the " + std::to_string(engines) +
                 " replicas is an engine of its own: the groups are those of the first");
    file.world_size = *all / engines;
    set_table(reading, "sglang",
              {{"tp", tensor}, {"pp", pipeline}, {"moe_ep", experts}, {"moe_dp", expert_data}});
    file.world_size = all;
    return;
  }
  set_table(reading, "sglang",
            {{"tp", tensor},
             {"pp", pipeline},
             {"attn_dp", is_inside ? data : Number{}},
             {"attn_cp", attention_context},
             {"moe_ep", experts},
             {"moe_dp", expert_data}});
}

void read_tensorrt_llm(Reading& reading, std::string_view) {
  std::vector<std::string> top{"", "server"};
  LaunchFile& file = reading.file();
  // Of separate servers for prompts and generation, the first is the layout, as the file says it.
  const bool is_split = reading.settings().has_table("context_servers");
  if (is_split) top = {"context_servers", "generation_servers", ""};
  const Number tensor = reading.number(top, {"tensor_parallel_size", "tp_size", "tp"});
  const Number pipeline = reading.number(top, {"pipeline_parallel_size", "pp_size", "pp"});
  const Number context = reading.number(top, {"context_parallel_size", "cp_size", "cp"});
  Number experts = reading.number(top, {"moe_expert_parallel_size", "ep_size", "ep"}, -1);
  Number expert_tensor = reading.number(top, {"moe_tensor_parallel_size", "moe_tp_size"}, -1);
  const Number clusters = reading.number(top, {"moe_cluster_parallel_size", "cluster_size"}, -1);
  for (Number* number : {&experts, &expert_tensor}) {
    if (number->value && *number->value < 1) *number = {};
  }
  const std::int64_t ranks = tensor.or_one();
  if (!expert_tensor.value && experts.value && ranks % *experts.value == 0)
    expert_tensor.value = ranks / *experts.value;
  if (!experts.value && expert_tensor.value && ranks % *expert_tensor.value == 0)
    experts.value = ranks / *expert_tensor.value;
  if (!expert_tensor.value) expert_tensor.value = ranks;
  const bool is_inside = reading.is_on(reading.find(top, {"enable_attention_dp"}));
  reading.add_size("tp", tensor);
  reading.add_size("pp", pipeline);
  reading.add_size("cp", context);
  reading.add_size("ep", experts);
  reading.add_size("moe_tp", expert_tensor);
  reading.add_size("dp", is_inside ? ranks : 1);
  reading.add_size("attention_tp", is_inside ? 1 : ranks);
  if (is_split) {
    const std::vector<std::string> second{"generation_servers"};
    for (const auto& [name, keys] : {std::pair{"tp", std::pair{"tensor_parallel_size", "tp_size"}},
                                     std::pair{"pp", std::pair{"pipeline_parallel_size", "pp_size"}},
                                     std::pair{"ep", std::pair{"moe_expert_parallel_size", "ep_size"}}}) {
      if (const Number number = reading.number(second, {keys.first, keys.second}); number.value)
        file.generation.push_back({name, number.value});
    }
  }
  set_product(reading, {tensor, pipeline, context});
  if (capped_product({experts.or_one(), expert_tensor.or_one(),
                      std::max<std::int64_t>(clusters.or_one(), 1)}) != ranks) {
    const Setting* at = experts.from == nullptr ? expert_tensor.from : experts.from;
    if (at != nullptr) {
      reading.refuse(*at, Phrase("does not work: " + named("moe_ep", experts) + " times " +
                                 named("moe_tp", expert_tensor) + " is not " + named("tp", tensor)));
      return;
    }
  }
  read_heads(reading, is_inside ? Number{} : tensor);
  set_table(reading, "tensorrt-llm",
            {{"tp_size", tensor},
             {"pp_size", pipeline},
             {"cp_size", context},
             {"moe_ep_size", experts},
             {"moe_tp_size", expert_tensor}});
}

}  // namespace rankmesh::launch
