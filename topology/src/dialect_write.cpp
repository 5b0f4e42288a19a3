#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "dialect_dialects.hpp"
#include "dialect_layout.hpp"
#include "megatron_core.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "text.hpp"

namespace rankmesh {
namespace {

[[noreturn]] void refuse(const std::string& value, std::string rule) {
  throw ConfigError({{"layout", value, std::move(rule), {}}});
}

/// Most dialects say nothing of ranks before the layout.
void require_no_place(const ParallelConfig& config) {
  if (config.rank_offset == 0) return;
  throw ConfigError(
      {{"rank_offset", std::to_string(config.rank_offset), "cannot be said in this dialect", {}}});
}

std::vector<Axis> shown(const std::vector<Axis>& axes) {
  std::vector<Axis> result = without_ones(axes);
  if (result.empty()) result.push_back(axes.empty() ? Axis{"dp", 1} : axes.front());
  return result;
}

/// `4,4,2,8` or `pp,dp,cp,tp`.
template <typename Part>
std::string list(const std::vector<Axis>& axes, Part part) {
  std::vector<std::string> texts;
  for (const Axis& axis : axes) texts.push_back(part(axis));
  return joined(texts, ",");
}

std::string size_text(const Axis& axis) {
  return std::to_string(axis.size);
}

std::string name_text(const Axis& axis) {
  return axis.name;
}

std::vector<Axis> reversed(std::vector<Axis> axes) {
  std::reverse(axes.begin(), axes.end());
  return axes;
}

/// A configuration of Megatron-Core with the axes of a layout, whatever its order.
ParallelConfig sizes_for_megatron(const DialectLayout& layout, std::int64_t world_size) {
  ParallelConfig config{.world_size = world_size, .convention = Convention::megatron_core};
  const std::vector<Axis> dense = megatron_form(layout.dense, false);
  config.tensor = size_of(dense, "tp");
  config.context = size_of(dense, "cp");
  config.pipeline = size_of(dense, "pp");
  config.weight_remat = size_of(dense, "gtp");
  if (layout.experts.empty()) return config;
  const std::vector<Axis> experts = megatron_form(layout.experts, true);
  config.expert = size_of(experts, "ep");
  config.expert_weight_remat = size_of(experts, "egtp");
  if (size_of(experts, "etp") != config.tensor) config.expert_tensor = size_of(experts, "etp");
  return config;
}

/// Finds the order that gives both meshes; the usual one if it does.
ParallelConfig as_megatron(const DialectLayout& layout, std::int64_t world_size) {
  ParallelConfig config = sizes_for_megatron(layout, world_size);
  const std::vector<Axis> dense = megatron_form(layout.dense, false);
  const std::vector<Axis> experts = megatron_form(layout.experts, true);
  const auto fits = [&] {
    return check(config).empty() && without_ones(megatron_core::dense_axes(config)) == dense &&
           (layout.experts.empty() || without_ones(megatron_core::expert_axes(config)) == experts);
  };
  // In this order of trying, the first to fit is the nearest to the usual one, which comes first.
  constexpr std::array<std::string_view, 5> usual{"tp", "cp", "ep", "dp", "pp"};
  std::array<std::size_t, 5> places{0, 1, 2, 3, 4};
  do {
    std::vector<std::string_view> axes;
    for (const std::size_t place : places) axes.push_back(usual[place]);
    config.order = joined(axes, "-");
    if (fits()) return config;
  } while (std::next_permutation(places.begin(), places.end()));
  refuse(Mesh(layout.dense).to_string() +
             (layout.experts.empty() ? "" : " and " + Mesh(layout.experts).to_string()),
         "is no order of Megatron-Core's axes tp, cp, ep, dp, pp and gtp that gives dense and expert "
         "layers the same pipelines");
}

/// Whether the axes are some of those named, in that order.
bool are_in_order(const std::vector<Axis>& axes, const std::vector<std::string_view>& order) {
  auto next = order.begin();
  for (const Axis& axis : axes) {
    next = std::find(next, order.end(), axis.name);
    if (next == order.end()) return false;
    ++next;
  }
  return true;
}

/// Which of DeepSpeed's conventions the axes of the experts are in; empty if in none.
std::string deepspeed_experts(const DialectLayout& layout) {
  std::vector<Axis> experts = megatron_form(layout.experts, true);
  const std::int64_t tensor = size_of(layout.dense, "tp");
  const std::int64_t expert_tensor = size_of(experts, "etp");
  if (expert_tensor == tensor && are_in_order(experts, {"etp", "ep", "edp", "pp"})) return "classic";
  if (expert_tensor == tensor && are_in_order(experts, {"etp", "edp", "ep", "pp"}))
    return "data-before-experts";
  if (expert_tensor == 1 && are_in_order(experts, {"ep", "edp", "pp"})) return "folded";
  return "";
}

std::string torchtitan_experts(const DialectLayout& layout) {
  const std::vector<Axis> experts = megatron_form(layout.experts, true);
  const std::int64_t tensor = size_of(layout.dense, "tp");
  const std::int64_t expert_tensor = size_of(experts, "etp");
  const std::int64_t replicas = size_of(layout.dense, "dp_replicate");
  const bool can_be_said = are_in_order(experts, {"etp", "ep", "edp", "pp"}) &&
                           (expert_tensor == 1 || expert_tensor == tensor) &&
                           size_of(experts, "edp") % replicas == 0;
  if (!can_be_said) {
    refuse(Mesh(layout.experts).to_string(),
           "is not how torchtitan lays out experts: etp of 1 or tp, then ep, then the data, then pp");
  }
  return " ep=" + std::to_string(size_of(experts, "ep")) +
         (expert_tensor > 1 ? " etp=" + std::to_string(expert_tensor) : "");
}

}  // namespace

std::string write_rankmesh(const ParallelConfig& config) {
  return to_string(config);
}

std::string write_megatron(const ParallelConfig& config) {
  const bool is_megatron = config.convention == Convention::megatron_core;
  ParallelConfig said = is_megatron ? config : as_megatron(layout_of(config), config.world_size);
  if (!is_megatron) said.rank_offset = config.rank_offset;
  std::string text;
  const auto add = [&](std::string_view word, std::int64_t value, std::int64_t usual) {
    if (value == usual) return;
    text.append(text.empty() ? "" : " ").append(word).append("=").append(std::to_string(value));
  };
  add("tp", said.tensor, 1);
  add("gtp", said.weight_remat, 1);
  add("cp", said.context, 1);
  add("ep", said.expert, 1);
  if (said.expert_tensor) add("etp", *said.expert_tensor, said.tensor);
  add("egtp", said.expert_weight_remat, 1);
  add("dp", said.world_size / (said.tensor * said.weight_remat * said.context * said.pipeline), 0);
  add("pp", said.pipeline, 1);
  add("vpp", said.virtual_pipeline.value_or(0), 0);
  text += " order=" + lower_case(said.order);
  add("optimizer_instances", said.optimizer_instances, 1);
  if (!said.hierarchical_context.empty()) {
    std::vector<std::string> sizes;
    for (const std::int64_t size : said.hierarchical_context) sizes.push_back(std::to_string(size));
    text += " hierarchical_cp=" + joined(sizes, ",");
  }
  if (said.hybrid_context) text += " hybrid_cp=true";
  add("rank_offset", said.rank_offset, 0);
  return text;
}

std::string write_devicemesh(const ParallelConfig& config) {
  const DialectLayout layout = layout_of(config);
  const std::vector<Axis> dense = reversed(shown(layout.dense));
  std::string text = "shape=" + list(dense, size_text) + " names=" + list(dense, name_text);
  if (!layout.experts.empty()) {
    const std::vector<Axis> experts = reversed(shown(layout.experts));
    text += " expert_shape=" + list(experts, size_text) + " expert_names=" + list(experts, name_text);
  }
  if (config.rank_offset > 0) text += " rank_offset=" + std::to_string(config.rank_offset);
  return text;
}

std::string write_deepspeed(const ParallelConfig& config) {
  require_no_place(config);
  const DialectLayout layout = layout_of(config);
  std::vector<Axis> dense = reversed(shown(layout.dense));
  for (Axis& axis : dense) {
    if (axis.name == "pp") axis.name = "pipe";
    if (axis.name == "dp") axis.name = "data";
    if (axis.name == "tp") axis.name = "model";
  }
  std::string text = "axes=" + list(dense, name_text) + " dims=" + list(dense, size_text);
  if (layout.experts.empty()) return text;
  const std::string experts = deepspeed_experts(layout);
  if (experts.empty() || !are_in_order(dense, {"pipe", "data", "model"})) {
    refuse(Mesh(layout.experts).to_string(),
           "is none of DeepSpeed's ways to lay out experts beside pipe,data,model: classic (tp, ep, data), "
           "data-before-experts (tp, data, ep) and folded (ep, data)");
  }
  return text + " ep=" + std::to_string(size_of(layout.experts, "ep")) + " experts=" + experts;
}

std::string write_torchtitan(const ParallelConfig& config) {
  require_no_place(config);
  DialectLayout layout = layout_of(config);
  std::vector<Axis> dense = without_ones(layout.dense);
  for (Axis& axis : dense) {
    if (axis.name == "dp") axis.name = "dp_shard";
  }
  if (!are_in_order(dense, {"tp", "cp", "dp_shard", "dp_replicate", "pp"})) {
    refuse(Mesh(layout.dense).to_string(),
           "is not how torchtitan lays out ranks: tp fastest, then cp, dp_shard, dp_replicate and pp");
  }
  std::string text;
  for (const std::string_view word : {"pp", "dp_replicate", "dp_shard", "cp", "tp"}) {
    const std::int64_t size = size_of(dense, word);
    if (size > 1 || word == "dp_shard") {
      text.append(text.empty() ? "" : " ").append(word).append("=").append(std::to_string(size));
    }
  }
  return layout.experts.empty() ? text : text + torchtitan_experts(layout);
}

std::string write_inner_to_outer(const ParallelConfig& config) {
  require_no_place(config);
  const DialectLayout layout = layout_of(config);
  if (!layout.experts.empty()) {
    refuse(Mesh(layout.experts).to_string(), "is a mesh of experts, of which this dialect says nothing");
  }
  const std::vector<Axis> dense = shown(layout.dense);
  const auto upper = [](const Axis& axis) {
    std::string name = axis.name;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return name;
  };
  return "order=" + list(dense, upper) + " sizes=" + list(dense, size_text);
}

}  // namespace rankmesh
