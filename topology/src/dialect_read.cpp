#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dialect_dialects.hpp"
#include "dialect_layout.hpp"
#include "dialect_words.hpp"
#include "megatron_core.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "text.hpp"

namespace rankmesh {
namespace {

std::vector<Axis> reversed(std::vector<Axis> axes) {
  std::reverse(axes.begin(), axes.end());
  return axes;
}

/// The sizes with what is left filled in, and the world size if it is not given.
std::vector<Axis> filled(std::vector<Axis> axes, WorldSize& world_size) {
  axes = fill_in(std::move(axes), world_size);
  if (!world_size) world_size = Mesh(axes).world_size();
  return axes;
}

/// A kind for every axis of some axes that has no kind yet.
void add_kinds(ParallelConfig& config, const std::vector<Axis>& axes) {
  for (const Axis& axis : axes) {
    const std::string kind = kind_of_axes({axis.name});
    const bool is_there = std::any_of(config.kinds.begin(), config.kinds.end(),
                                      [&](const KindSpec& k) { return k.kind == kind; });
    if (!is_there) config.kinds.push_back({kind, {.varying = {axis.name}}});
  }
}

/// A layout on meshes, with a kind for each axis.
ParallelConfig on_meshes(DialectLayout layout, WorldSize world_size) {
  layout.dense = filled(std::move(layout.dense), world_size);
  ParallelConfig config{.convention = Convention::mesh};
  config.world_size = *world_size;
  add_kinds(config, layout.dense);
  config.meshes.push_back(std::move(layout.dense));
  if (!layout.experts.empty()) {
    layout.experts = filled(std::move(layout.experts), world_size);
    add_kinds(config, layout.experts);
    config.meshes.push_back(std::move(layout.experts));
  }
  return config;
}

/// The axes of `dp+cp`, or of `dp_cp` where that is no axis itself.
std::vector<std::string> flattened(std::string_view text, const std::vector<Axis>& axes) {
  std::vector<std::string> result;
  const bool is_axis = std::any_of(axes.begin(), axes.end(), [&](const Axis& a) { return a.name == text; });
  const char separator = text.find('+') == std::string_view::npos && !is_axis ? '_' : '+';
  for (const std::string_view axis : split_text(text, separator)) result.emplace_back(axis);
  return result;
}

/// The mesh of the experts in one of DeepSpeed's conventions. Both number the groups of an axis along the
/// data first, then the tensor ranks, then the stages.
DialectLayout with_experts(DialectLayout layout, std::int64_t experts, const std::string& convention,
                           std::int64_t world_size) {
  const std::int64_t tensor = size_of(layout.dense, "tp");
  const std::int64_t pipeline = size_of(layout.dense, "pp");
  const Axis ep{"ep", experts};
  if (convention == "folded") {
    layout.experts = {ep, {"edp", -1}, {"pp", pipeline}};
  } else if (convention == "classic") {
    layout.experts = {{"tp", tensor}, ep, {"edp", -1}, {"pp", pipeline}};
  } else {
    layout.experts = {{"tp", tensor}, {"edp", -1}, ep, {"pp", pipeline}};
  }
  layout.experts = fill_in(std::move(layout.experts), world_size);
  return layout;
}

bool is_tensor_data_pipeline(const std::vector<Axis>& axes) {
  std::vector<std::string> names;
  for (const Axis& axis : without_ones(axes)) names.push_back(axis.name);
  const std::vector<std::string> order{"tp", "dp", "pp"};
  auto next = order.begin();
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    next = std::find(next, order.end(), name);
    return next != order.end();
  });
}

}  // namespace

ParallelConfig read_rankmesh(std::string_view text, WorldSize world_size) {
  const auto words = split_words(text);
  const bool has_world = std::any_of(words.begin(), words.end(),
                                     [](std::string_view word) { return word.starts_with("world="); });
  if (has_world || !world_size) return parse_config(text);
  return parse_config("world=" + std::to_string(*world_size) + " " + std::string(text));
}

ParallelConfig read_megatron(std::string_view text, WorldSize world_size) {
  DialectWords words(text, {"world", "tp", "cp", "ep", "etp", "pp", "dp", "vpp", "gtp", "egtp", "order",
                            "optimizer_instances", "hierarchical_cp", "hybrid_cp", "rank_offset"});
  ParallelConfig config{.convention = Convention::megatron_core};
  std::vector<Axis> dense{{"tp", words.size("tp", 1)},
                          {"cp", words.size("cp", 1)},
                          {"gtp", words.size("gtp", 1)},
                          {"pp", words.size("pp", 1)},
                          {"dp", words.size("dp", -1)}};
  std::vector<Axis> experts{
      {"etp", words.size("etp", 1)}, {"egtp", words.size("egtp", 1)}, {"pp", 1}, {"ep", words.size("ep", 1)}};
  if (words.has("world")) world_size = words.size("world", 1);
  if (words.has("vpp")) config.virtual_pipeline = words.size("vpp", 1);
  if (const auto order = words.text("order")) config.order = lower_case(*order);
  config.optimizer_instances = words.size("optimizer_instances", 1);
  config.hierarchical_context = words.sizes("hierarchical_cp");
  if (const auto hybrid = words.text("hybrid_cp")) {
    config.hybrid_context = lower_case(*hybrid) == "true";
    if (lower_case(*hybrid) != "true" && lower_case(*hybrid) != "false") {
      words.refuse("hybrid_cp", *hybrid, "is neither true nor false");
    }
  }
  if (words.text("rank_offset") != "0") config.rank_offset = words.size("rank_offset", 0);
  // The data are what the others leave, so that another open size needs theirs.
  const bool another_is_open =
      std::any_of(dense.begin(), dense.end() - 1, [](const Axis& a) { return a.size == -1; });
  if (another_is_open && !words.has("dp")) dense.back().size = 1;
  words.throw_if_wrong();

  if (!world_size && dense.back().size == -1) {
    words.refuse("world", "", "is missing: give the size of the world, or dp=N");
    words.throw_if_wrong();
  }
  // The data parallel size that is given must be what is left: that is checked when the mesh is multiplied.
  const bool data_is_given = words.has("dp") && dense.back().size != -1;
  WorldSize filled_world = world_size;
  if (dense.back().size != -1 || another_is_open || !world_size)
    dense = filled(std::move(dense), filled_world);
  if (data_is_given && Mesh(dense).world_size() != *filled_world) {
    words.refuse("dp", std::to_string(dense.back().size),
                 "makes a world of " + std::to_string(Mesh(dense).world_size()) + ", not of " +
                     std::to_string(*filled_world) + "; leave it out");
    words.throw_if_wrong();
  }
  config.world_size = *filled_world;
  config.tensor = size_of(dense, "tp");
  config.context = size_of(dense, "cp");
  config.weight_remat = size_of(dense, "gtp");
  config.pipeline = size_of(dense, "pp");
  experts[2].size = config.pipeline;
  if (!words.has("etp")) experts[0].size = config.tensor;
  if (words.size("ep", 1) == -1 || words.size("etp", 1) == -1 || words.size("egtp", 1) == -1) {
    experts = fill_in(std::move(experts), config.world_size);
  }
  config.expert = size_of(experts, "ep");
  config.expert_weight_remat = size_of(experts, "egtp");
  if (words.has("etp")) config.expert_tensor = size_of(experts, "etp");
  return config;
}

ParallelConfig read_devicemesh(std::string_view text, WorldSize world_size) {
  DialectWords words(text, {"shape", "names", "expert_shape", "expert_names", "flatten", "rank_offset"});
  DialectLayout layout{reversed(words.axes("names", "shape"))};
  if (words.has("expert_shape") || words.has("expert_names")) {
    layout.experts = reversed(words.axes("expert_names", "expert_shape"));
  }
  const std::int64_t offset = words.text("rank_offset") == "0" ? 0 : words.size("rank_offset", 0);
  words.throw_if_wrong();
  const std::vector<Axis> dense = layout.dense;
  ParallelConfig config = on_meshes(std::move(layout), world_size);
  config.rank_offset = offset;
  for (const std::string& several : words.names("flatten")) {
    const std::vector<std::string> axes = flattened(several, dense);
    config.kinds.push_back({kind_of_axes(axes), {.varying = axes}});
  }
  return config;
}

ParallelConfig read_deepspeed(std::string_view text, WorldSize world_size) {
  DialectWords words(text, {"axes", "dims", "ep", "experts"});
  DialectLayout layout{reversed(words.axes("axes", "dims"))};
  for (Axis& axis : layout.dense) {
    if (axis.name == "pipe") axis.name = "pp";
    if (axis.name == "data") axis.name = "dp";
    if (axis.name == "model") axis.name = "tp";
  }
  const std::int64_t experts = words.size("ep", 1);
  const std::string convention = lower_case(words.text("experts").value_or("classic"));
  const bool is_known =
      convention == "classic" || convention == "folded" || convention == "data-before-experts";
  if (!is_known) words.refuse("experts", convention, "is none of classic, folded, data-before-experts");
  if (experts > 1 && !is_tensor_data_pipeline(layout.dense)) {
    words.refuse("axes", words.text("axes").value_or(""),
                 "does not go with experts: their groups are made for pipe,data,model alone");
  }
  words.throw_if_wrong();
  layout.dense = filled(std::move(layout.dense), world_size);
  if (!words.has("ep")) return on_meshes(std::move(layout), world_size);
  layout = with_experts(std::move(layout), experts, convention, *world_size);
  const bool is_folded = convention == "folded";
  ParallelConfig config = on_meshes(std::move(layout), world_size);
  for (KindSpec& kind : config.kinds) {
    if (is_folded) break;
    if (kind.kind == "expert") kind.groups.numbering = {"edp", "tp", "pp"};
    if (kind.kind == "expert_data") kind.groups.numbering = {"ep", "tp", "pp"};
  }
  return config;
}

ParallelConfig read_torchtitan(std::string_view text, WorldSize world_size) {
  DialectWords words(text, {"dp_replicate", "dp_shard", "cp", "tp", "pp", "ep", "etp"});
  const auto size = [&](std::string_view name) { return words.size(name, 1); };
  DialectLayout layout{{{"tp", size("tp")},
                        {"cp", size("cp")},
                        {"dp_shard", words.size("dp_shard", world_size ? -1 : 1)},
                        {"dp_replicate", size("dp_replicate")},
                        {"pp", size("pp")}}};
  const std::int64_t expert = size("ep");
  const std::int64_t expert_tensor = words.size("etp", 1);
  words.throw_if_wrong();
  const bool shards_are_open = !words.has("dp_shard");
  const auto is_open = [](const Axis& axis) { return axis.size == -1; };
  if (shards_are_open && std::count_if(layout.dense.begin(), layout.dense.end(), is_open) > 1) {
    layout.dense[2].size = 1;
  }
  layout.dense = filled(std::move(layout.dense), world_size);
  if (expert_tensor != 1 && expert_tensor != layout.dense[0].size) {
    words.refuse("etp", std::to_string(expert_tensor),
                 "is neither 1 nor tp = " + std::to_string(layout.dense[0].size));
    words.throw_if_wrong();
  }
  if (expert != 1) {
    layout.experts = {{"etp", expert_tensor},
                      {"ep", expert},
                      {"efsdp", expert == -1 ? 1 : -1},
                      {"dp_replicate", layout.dense[3].size},
                      {"pp", layout.dense[4].size}};
    layout.experts = fill_in(std::move(layout.experts), world_size);
  }
  ParallelConfig config = on_meshes(std::move(layout), world_size);
  config.kinds.push_back({"fsdp", {.varying = {"dp_shard", "cp"}}});
  config.kinds.push_back({"data", {.varying = {"dp_shard", "dp_replicate"}}});
  config.kinds.push_back({"data_context", {.varying = {"dp_shard", "dp_replicate", "cp"}}});
  return config;
}

ParallelConfig read_inner_to_outer(std::string_view text, WorldSize world_size) {
  // [TP, CP, PP, DP] = [8, 1, 4, -1] is the same as order=TP,CP,PP,DP sizes=8,1,4,-1.
  std::string plain(text);
  const std::size_t bracket = text.find('[');
  const std::size_t equals = text.find('=');
  if (bracket != std::string_view::npos && bracket < equals && equals != std::string_view::npos) {
    plain = "order=" + std::string(text.substr(bracket, equals - bracket));
    plain.erase(plain.find_last_not_of(" \t") + 1);
    const std::size_t sizes = text.find_first_not_of(" \t", equals + 1);
    plain += " sizes=" + std::string(sizes == std::string_view::npos ? "" : text.substr(sizes));
  }
  DialectWords words(plain, {"order", "sizes"});
  DialectLayout layout{words.axes("order", "sizes")};
  words.throw_if_wrong();
  return on_meshes(std::move(layout), world_size);
}

}  // namespace rankmesh
