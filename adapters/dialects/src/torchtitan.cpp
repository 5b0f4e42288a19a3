#include <string>
#include <utility>
#include <vector>

#include "layout.hpp"
#include "readers.hpp"

namespace rankmesh::dialects {
namespace {

/// The axes of the dense layers. `dp_shard` is -1 by default, unless another size is.
std::vector<Axis> read_dense(WordReader& words, bool has_world) {
  std::vector<Axis> axes;
  for (const char* name : {"tp", "cp", "dp_shard", "dp_replicate", "pp"}) {
    axes.push_back({name, words.size(name, 1)});
  }
  if (has_world && !words.has("dp_shard") && !has_open(axes)) axes[2].size = -1;
  return axes;
}

/// The mesh of the experts, which takes its ranks from the shards, the context parallel ranks and, with
/// etp = 1, the tensor parallel ranks.
std::vector<Axis> experts_beside(const std::vector<Axis>& dense, std::int64_t experts,
                                 std::int64_t expert_tensor) {
  return {{"etp", expert_tensor},
          {"ep", experts},
          {"efsdp", experts == -1 ? 1 : -1},
          {"dp_replicate", size_of(dense, "dp_replicate")},
          {"pp", size_of(dense, "pp")}};
}

/// Whether the experts are laid out as in torchtitan. An axis `edp` stands for torchtitan's efsdp and
/// dp_replicate.
bool has_experts_of_torchtitan(const std::vector<Axis>& dense, const std::vector<Axis>& experts) {
  const std::int64_t replicas = size_of(dense, "dp_replicate");
  if (are_in_order(experts, {"ep", "edp", "pp"})) return size_of(experts, "edp") % replicas == 0;
  return are_in_order(experts, {"ep", "efsdp", "dp_replicate", "pp"}) &&
         size_of(experts, "dp_replicate") == replicas;
}

std::string experts_text(const std::vector<Axis>& dense, const Layout& layout, Diagnostics& diagnostics) {
  const std::vector<Axis> experts =
      renamed(without_ones(layout.experts), {{"tp", "etp"}, {"dp", "edp"}, {"dp_shard", "efsdp"}});
  const std::int64_t count = size_of(experts, "ep");
  if (size_of(experts, "etp") > 1) {
    diagnostics.add("layout", Mesh(layout.experts).to_string(),
                    "splits the tensors of experts, which torchtitan 0.3 cannot do: it has no etp");
  } else if (!has_experts_of_torchtitan(dense, experts)) {
    diagnostics.add("layout", Mesh(layout.experts).to_string(),
                    "is not how torchtitan lays out experts: ep fastest, then the data, then pp");
  } else if (count == 1) {
    diagnostics.add("layout", Mesh(layout.experts).to_string(),
                    "is a mesh of experts without ep, which torchtitan does not make");
  }
  return " ep=" + std::to_string(count);
}

}  // namespace

ParallelConfig read_torchtitan(std::string_view text, WorldSize world_size) {
  WordReader words(text, {"dp_replicate", "dp_shard", "cp", "tp", "pp", "ep", "etp"});
  const std::vector<Axis> dense = read_dense(words, world_size.has_value());
  const std::int64_t experts = words.size("ep", 1);
  const std::int64_t expert_tensor = words.size("etp", 1);
  words.throw_if_wrong();
  // The mesh of the experts takes sizes from the dense mesh, which must be complete.
  Layout layout{words.filled(dense, world_size)};
  words.throw_if_wrong();
  const std::int64_t tensor = size_of(layout.dense, "tp");
  if (expert_tensor != 1 && expert_tensor != tensor) {
    words.refuse("etp", std::to_string(expert_tensor), "is neither 1 nor tp = " + std::to_string(tensor));
    words.throw_if_wrong();
  }
  std::vector<Axis> ranks_of_experts = layout.dense;
  std::erase_if(ranks_of_experts, [&](const Axis& axis) {
    return axis.name == "pp" || axis.name == "dp_replicate" || (axis.name == "tp" && expert_tensor != 1);
  });
  words.require_experts_fit(experts, ranks_of_experts);
  words.throw_if_wrong();
  if (experts != 1) layout.experts = experts_beside(layout.dense, experts, expert_tensor);
  ParallelConfig config = config_on_meshes(std::move(layout), world_size, words);
  config.kinds.push_back({"fsdp", {.varying = {"dp_shard", "cp"}}});
  config.kinds.push_back({"data", {.varying = {"dp_shard", "dp_replicate"}}});
  config.kinds.push_back({"data_context", {.varying = {"dp_shard", "dp_replicate", "cp"}}});
  return config;
}

std::string write_torchtitan(const ParallelConfig& config) {
  Diagnostics diagnostics;
  refuse_place(config, diagnostics);
  const Layout layout = layout_of(config, diagnostics);
  const std::vector<Axis> dense = renamed(without_ones(layout.dense), {{"dp", "dp_shard"}});
  refuse_unknown(dense, {"tp", "cp", "dp_shard", "dp_replicate", "pp"}, "torchtitan's", diagnostics);
  if (diagnostics.empty() && !are_in_order(dense, {"tp", "cp", "dp_shard", "dp_replicate", "pp"})) {
    diagnostics.add(
        "layout", Mesh(layout.dense).to_string(),
        "is not how torchtitan lays out ranks: tp fastest, then cp, dp_shard, dp_replicate and pp");
  }
  std::string text;
  for (const std::string_view word : {"pp", "dp_replicate", "dp_shard", "cp", "tp"}) {
    const std::int64_t size = size_of(dense, word);
    if (size == 1 && word != "dp_shard") continue;
    text.append(text.empty() ? "" : " ").append(word).append("=").append(std::to_string(size));
  }
  if (!layout.experts.empty()) text += experts_text(dense, layout, diagnostics);
  throw_if_any(diagnostics);
  return text;
}

}  // namespace rankmesh::dialects
