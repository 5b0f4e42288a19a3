#include <algorithm>
#include <array>
#include <string>

#include "config/rules.hpp"
#include "conventions/megatron_core_mesh.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

using megatron_core::axes_of;
using megatron_core::expert_tensor;

constexpr std::array<std::string_view, 5> known_axes{"tp", "cp", "ep", "dp", "pp"};

class Checker {
 public:
  Checker(const ParallelConfig& config, Diagnostics& diagnostics)
      : config_(config),
        diagnostics_(diagnostics),
        dense_{Size{"tensor", config.tensor},
               {"weight_remat", config.weight_remat},
               {"pipeline", config.pipeline},
               {"context", config.context}},
        expert_{Size{config.expert_tensor ? "expert_tensor" : "tensor", expert_tensor(config)},
                {"expert_weight_remat", config.expert_weight_remat},
                {"pipeline", config.pipeline},
                {"expert", config.expert}} {}

  void run() {
    const bool world_is_valid = check_world_size(config_.world_size, dense_, diagnostics_);
    check_lower_bounds(dense_, diagnostics_);
    check_lower_bounds(expert_, diagnostics_);
    const bool sizes_are_valid = world_is_valid && diagnostics_.empty();
    if (world_is_valid) {
      check_divides(dense_, config_.world_size, diagnostics_);
      check_divides(expert_, config_.world_size, diagnostics_);
    }
    const bool meshes_exist = sizes_are_valid && diagnostics_.empty();
    check_virtual_pipeline(
        config_, 2, [] { return std::string("; leave it out"); }, diagnostics_);
    check_split_rank(config_, diagnostics_);
    if (check_order_words() && meshes_exist && check_order_is_complete()) check_pipelines();
    check_instances(meshes_exist);
    check_hierarchical_context();
    if (meshes_exist) check_hybrid_context();
    check_placement(config_, diagnostics_);
    check_stages("embedding_stages", config_.embedding_stages);
    check_stages("position_embedding_stages", config_.position_embedding_stages);
  }

 private:
  /// The order names axes there are, each once.
  bool check_order_words() {
    bool sound = true;
    const auto refuse = [&](const std::string& rule) {
      diagnostics_.add("order", config_.order, rule);
      sound = false;
    };
    const std::vector<std::string> axes = axes_of(config_.order);
    for (auto axis = axes.begin(); axis != axes.end(); ++axis) {
      if (std::find(known_axes.begin(), known_axes.end(), *axis) == known_axes.end()) {
        refuse((axis->empty() ? "has an empty axis" : "has an unknown axis, " + *axis) + ": the axes are " +
               joined(known_axes, ", ") +
               (*axis == "gtp" || *axis == "egtp" ? "; " + *axis + " finds its place by itself" : ""));
      } else if (std::find(axes.begin(), axis, *axis) != axis) {
        refuse("names " + *axis + " more than once");
      }
    }
    return sound;
  }

  /// Every axis of several ranks, in either mesh, is in the order.
  bool check_order_is_complete() {
    const std::int64_t dense_data = config_.world_size / *product_of(dense_);
    const std::int64_t expert_data = config_.world_size / *product_of(expert_);
    struct Needed {
      std::string_view axis;
      Size size;
    };
    const std::vector<Needed> needed{{"tp", {"tensor", config_.tensor}},
                                     {"tp", {"expert_tensor", expert_tensor(config_)}},
                                     {"cp", {"context", config_.context}},
                                     {"ep", {"expert", config_.expert}},
                                     {"dp", {"the data parallel size", dense_data}},
                                     {"dp", {"the expert data parallel size", expert_data}},
                                     {"pp", {"pipeline", config_.pipeline}}};
    const std::vector<std::string> axes = axes_of(config_.order);
    std::vector<std::string> missing;
    std::string reasons;
    for (const auto& [axis, size] : needed) {
      const bool is_named = std::find(axes.begin(), axes.end(), axis) != axes.end();
      if (is_named || size.value == 1) continue;
      if (std::find(missing.begin(), missing.end(), axis) != missing.end()) continue;
      missing.emplace_back(axis);
      reasons += (reasons.empty() ? "" : ", ") + std::string(axis) + " though " + size.text();
    }
    if (missing.empty()) return true;
    diagnostics_.add(
        "order", config_.order,
        "lacks " + reasons + "; " + config_.order + "-" + joined(missing, "-") + " names it all");
    return false;
  }

  /// The stages of a pipeline are the same ranks in both meshes, which is so if the same number of ranks lies
  /// between them.
  void check_pipelines() {
    if (config_.pipeline == 1) return;
    const Mesh dense(megatron_core::dense_axes(config_));
    const Mesh expert(megatron_core::expert_axes(config_));
    if (dense.stride("pp") == expert.stride("pp")) return;
    std::vector<std::string> axes = axes_of(config_.order);
    std::erase(axes, "pp");
    axes.emplace_back("pp");
    diagnostics_.add("order", config_.order,
                     "gives the experts other pipeline groups than the dense layers: stages lie " +
                         std::to_string(dense.stride("pp")) + " ranks apart in " + dense.to_string() +
                         ", but " + std::to_string(expert.stride("pp")) + " in " + expert.to_string() + "; " +
                         joined(axes, "-") + " works");
  }

  void check_instances(bool meshes_exist) {
    const std::int64_t value = config_.optimizer_instances;
    if (value < 1) diagnostics_.add("optimizer_instances", value, "is below 1", {1});
    if (value > 1 && (config_.weight_remat > 1 || config_.expert_weight_remat > 1)) {
      diagnostics_.add("optimizer_instances", value,
                       "cannot go together with weight_remat = " + std::to_string(config_.weight_remat) +
                           ", expert_weight_remat = " + std::to_string(config_.expert_weight_remat) +
                           ": one of the two must be at 1",
                       {1});
    }
    if (value < 2 || !meshes_exist) return;
    const std::int64_t dense = config_.world_size / *product_of(dense_) * config_.context;
    const std::int64_t expert = config_.world_size / *product_of(expert_);
    check_instances_divide(dense, "the data and context groups of " + std::to_string(dense) + " ranks");
    check_instances_divide(expert, "the expert data groups of " + std::to_string(expert) + " ranks");
  }

  void check_instances_divide(std::int64_t ranks, const std::string& what) {
    const std::int64_t value = config_.optimizer_instances;
    if (ranks % value == 0) return;
    diagnostics_.add("optimizer_instances", value, "does not divide " + what, nearest_divisors(ranks, value));
  }

  void check_hierarchical_context() {
    if (config_.hierarchical_context.empty()) return;
    std::vector<Size> levels;
    std::vector<std::string> texts;
    for (const std::int64_t size : config_.hierarchical_context) {
      levels.push_back({"level", size});
      texts.push_back(std::to_string(size));
    }
    const std::string text = joined(texts, ",");
    if (std::any_of(levels.begin(), levels.end(), [](const Size& s) { return s.value < 1; })) {
      diagnostics_.add("hierarchical_context", text, "has a level below 1");
    } else if (product_of(levels) != config_.context) {
      const auto product = product_of(levels);
      diagnostics_.add("hierarchical_context", text,
                       "multiplies to " + (product ? std::to_string(*product) : "more than 2147483647") +
                           ", not to context = " + std::to_string(config_.context));
    }
  }

  void check_hybrid_context() {
    if (!config_.hybrid_context) return;
    const std::int64_t ranks = config_.world_size / *product_of(dense_) * config_.context;
    const std::string groups = "the data and context groups of " + std::to_string(ranks) + " ranks";
    if (ranks % 2 != 0) {
      diagnostics_.add("hybrid_context", "true", "needs an even size of " + groups);
      return;
    }
    for (const std::int64_t size : megatron_core::hybrid_sizes(ranks)) {
      if (ranks % size == 0) continue;
      diagnostics_.add("hybrid_context", "true",
                       "does not work: its groups of " + std::to_string(size) + " do not divide " + groups);
    }
  }

  void check_stages(std::string_view field, const std::vector<std::int64_t>& stages) {
    if (config_.pipeline <= 1) return;
    for (auto stage = stages.begin(); stage != stages.end(); ++stage) {
      if (*stage < -config_.pipeline || *stage >= config_.pipeline) {
        diagnostics_.add(field, *stage,
                         "is no stage of pipeline = " + std::to_string(config_.pipeline) +
                             ", which has stages 0 .. " + std::to_string(config_.pipeline - 1) +
                             ", or -1 .. " + std::to_string(-config_.pipeline) + " from the end");
      } else if (std::find(stages.begin(), stage, *stage) != stage) {
        diagnostics_.add(field, *stage, "is named twice");
      }
    }
  }

  const ParallelConfig& config_;
  Diagnostics& diagnostics_;
  std::array<Size, 4> dense_;
  std::array<Size, 4> expert_;
};

}  // namespace

void check_megatron_core(const ParallelConfig& config, Diagnostics& diagnostics) {
  Checker(config, diagnostics).run();
}

}  // namespace rankmesh
