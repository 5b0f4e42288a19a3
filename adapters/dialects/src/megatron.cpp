#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "layout.hpp"
#include "rankmesh/topology/text.hpp"
#include "rankmesh/topology/topology.hpp"
#include "readers.hpp"

namespace rankmesh::dialects {
namespace {

bool read_flag(WordReader& words, std::string_view name) {
  const std::string value = lower_case(words.text(name).value_or("false"));
  if (value != "true" && value != "false") words.refuse(name, value, "is neither true nor false");
  return value == "true";
}

/// Reads the words that are not sizes of axes.
void read_options(WordReader& words, ParallelConfig& config) {
  config.order = words.text("order").value_or(config.order);
  config.virtual_pipeline = words.number("vpp");
  config.split_rank = words.number("split_rank");
  config.optimizer_instances = words.number("optimizer_instances").value_or(1);
  config.hierarchical_context = words.sizes("hierarchical_cp");
  config.hybrid_context = read_flag(words, "hybrid_cp");
  config.embedding_stages = words.sizes("embedding_stages");
  config.position_embedding_stages = words.sizes("position_embedding_stages");
  read_place(words, config);
}

/// The axes of the dense layers. The data parallel size is -1 by default, unless another size is.
std::vector<Axis> read_dense(WordReader& words) {
  std::vector<Axis> axes;
  for (const char* name : {"tp", "cp", "gtp", "pp"}) axes.push_back({name, words.size(name, 1)});
  axes.push_back({"dp", words.size("dp", has_open(axes) ? 1 : -1)});
  return axes;
}

void set_dense(ParallelConfig& config, const std::vector<Axis>& axes) {
  config.tensor = size_of(axes, "tp");
  config.context = size_of(axes, "cp");
  config.weight_remat = size_of(axes, "gtp");
  config.pipeline = size_of(axes, "pp");
}

void read_experts(WordReader& words, ParallelConfig& config) {
  std::vector<Axis> axes{{"etp", words.size("etp", config.tensor)},
                         {"ep", words.size("ep", 1)},
                         {"egtp", words.size("egtp", 1)},
                         {"pp", config.pipeline}};
  WorldSize world_size = config.world_size;
  if (has_open(axes)) axes = words.filled(std::move(axes), world_size);
  if (words.has("etp")) config.expert_tensor = size_of(axes, "etp");
  config.expert = size_of(axes, "ep");
  config.expert_weight_remat = size_of(axes, "egtp");
}

/// A configuration with the sizes of a layout, in the default order.
ParallelConfig with_sizes_of(const Layout& layout, std::int64_t world_size) {
  ParallelConfig config{.world_size = world_size, .convention = Convention::megatron_core};
  set_dense(config, dense_form(layout.dense));
  if (layout.experts.empty()) return config;
  const std::vector<Axis> experts = expert_form(layout.experts);
  config.expert = size_of(experts, "ep");
  config.expert_weight_remat = size_of(experts, "egtp");
  if (size_of(experts, "etp") != config.tensor) config.expert_tensor = size_of(experts, "etp");
  return config;
}

std::string meshes_text(const Layout& layout) {
  return Mesh(layout.dense).to_string() +
         (layout.experts.empty() ? "" : " and " + Mesh(layout.experts).to_string());
}

/// Finds an order that gives both meshes: the default order if it does.
ParallelConfig as_megatron(const Layout& layout, std::int64_t world_size, Diagnostics& diagnostics) {
  ParallelConfig config = with_sizes_of(layout, world_size);
  const std::vector<Axis> dense = dense_form(layout.dense);
  const std::vector<Axis> experts = expert_form(layout.experts);
  refuse_unknown(dense, {"tp", "gtp", "cp", "dp", "pp"}, "Megatron-Core's dense layers", diagnostics);
  refuse_unknown(experts, {"etp", "ep", "egtp", "edp", "pp"}, "Megatron-Core's experts", diagnostics);
  if (!diagnostics.empty()) return config;
  const auto fits = [&] {
    if (!check(config).empty()) return false;
    const Topology topology(config);
    return without_ones(axes_of(topology.mesh())) == dense &&
           (layout.experts.empty() || without_ones(axes_of(topology.meshes()[1])) == experts);
  };
  // Permutations come in lexicographic order, so that the default order is tried first.
  constexpr std::array<std::string_view, 5> usual{"tp", "cp", "ep", "dp", "pp"};
  std::array<std::size_t, 5> places{0, 1, 2, 3, 4};
  do {
    std::vector<std::string_view> axes;
    for (const std::size_t place : places) axes.push_back(usual[place]);
    config.order = joined(axes, "-");
    if (fits()) return config;
  } while (std::next_permutation(places.begin(), places.end()));
  diagnostics.add(
      "layout", meshes_text(layout),
      "is no order of Megatron-Core's axes tp, cp, ep, dp, pp and gtp that gives dense and expert "
      "layers the same pipelines");
  return config;
}

/// A valid configuration with the kinds of Megatron-Core.
ParallelConfig megatron_config(const ParallelConfig& config) {
  if (config.convention == Convention::megatron_core) return config;
  Diagnostics diagnostics;
  const Layout layout = layout_of(config, diagnostics);
  ParallelConfig result = as_megatron(layout, config.world_size, diagnostics);
  throw_if_any(diagnostics);
  result.virtual_pipeline = config.virtual_pipeline;
  result.split_rank = config.split_rank;
  result.rank_offset = config.rank_offset;
  result.job_size = config.job_size;
  return result;
}

std::string numbers_text(const std::vector<std::int64_t>& numbers) {
  std::vector<std::string> texts;
  for (const std::int64_t number : numbers) texts.push_back(std::to_string(number));
  return joined(texts, ",");
}

}  // namespace

ParallelConfig read_megatron(std::string_view text, WorldSize world_size) {
  WordReader words(text, {"world", "tp", "cp", "ep", "etp", "pp", "dp", "vpp", "gtp", "egtp", "order",
                          "optimizer_instances", "hierarchical_cp", "hybrid_cp", "split_rank",
                          "embedding_stages", "position_embedding_stages", "rank_offset", "job_size"});
  ParallelConfig config{.convention = Convention::megatron_core};
  read_options(words, config);
  std::vector<Axis> dense = read_dense(words);
  for (const char* name : {"ep", "etp", "egtp"}) static_cast<void>(words.size(name, 1));
  world_size = words.world_size("world", world_size);
  if (!world_size && !words.has("dp") && dense.back().size == -1) {
    words.refuse("world", "", "is missing: give the size of the world, or dp=N");
  }
  words.throw_if_wrong();
  // If the data parallel size follows from the others, `check` finds sizes that do not fit, with every other
  // error of the layout.
  const bool takes_rest = !words.has("dp") && dense.back().size == -1;
  if (!takes_rest) dense = words.filled(std::move(dense), world_size);
  words.throw_if_wrong();
  config.world_size = *world_size;
  set_dense(config, dense);
  read_experts(words, config);
  words.throw_if_wrong();
  // With these sizes, the case of an order matters to Megatron-Core.
  if (config.weight_remat == 1 && config.expert_weight_remat == 1) config.order = lower_case(config.order);
  return config;
}

std::string write_megatron(const ParallelConfig& config) {
  const ParallelConfig written = megatron_config(config);
  std::string text;
  const auto add = [&](std::string_view word, const std::string& value) {
    text.append(text.empty() ? "" : " ").append(word).append("=").append(value);
  };
  const auto add_unless = [&](std::int64_t usual, std::string_view word, std::int64_t value) {
    if (value != usual) add(word, std::to_string(value));
  };
  const auto add_list = [&](std::string_view word, const std::vector<std::int64_t>& numbers) {
    if (!numbers.empty()) add(word, numbers_text(numbers));
  };
  add_unless(1, "tp", written.tensor);
  add_unless(1, "gtp", written.weight_remat);
  add_unless(1, "cp", written.context);
  add_unless(1, "ep", written.expert);
  if (written.expert_tensor) add_unless(written.tensor, "etp", *written.expert_tensor);
  add_unless(1, "egtp", written.expert_weight_remat);
  add("dp", std::to_string(written.world_size /
                           (written.tensor * written.weight_remat * written.context * written.pipeline)));
  add_unless(1, "pp", written.pipeline);
  if (written.virtual_pipeline) add("vpp", std::to_string(*written.virtual_pipeline));
  add("order", lower_case(written.order));
  add_unless(1, "optimizer_instances", written.optimizer_instances);
  add_list("hierarchical_cp", written.hierarchical_context);
  if (written.hybrid_context) add("hybrid_cp", "true");
  if (written.split_rank) add("split_rank", std::to_string(*written.split_rank));
  add_list("embedding_stages", written.embedding_stages);
  add_list("position_embedding_stages", written.position_embedding_stages);
  return text + place_text(written);
}

}  // namespace rankmesh::dialects
