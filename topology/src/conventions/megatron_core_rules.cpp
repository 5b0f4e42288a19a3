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
using megatron_core::order_axes;

/// The rules about the sizes of the dense and the expert mesh. Neither list has the data parallel size, which
/// follows from the others.
class Checker {
 public:
  explicit Checker(const RuleSet& rules)
      : rules_(rules),
        config_(rules.config),
        dense_(rules.readable({{"tensor", config_.tensor},
                               {"weight_remat", config_.weight_remat},
                               {"pipeline", config_.pipeline},
                               {"context", config_.context}})),
        expert_(rules.readable({expert_tensor_size(rules),
                                {"expert_weight_remat", config_.expert_weight_remat},
                                {"pipeline", config_.pipeline},
                                {"expert", config_.expert}})) {}

  void run() {
    check_world_size(rules_);
    check_lower_bounds(rules_, dense_);
    check_lower_bounds(rules_, expert_);
    check_divides(rules_, dense_);
    check_divides(rules_, expert_, expert_tensor_note());
    check_virtual_pipeline(rules_, 2);
    check_split_rank(rules_);
    rules_.apply({"order"}, [&] {
      if (!check_order_words()) return;
      check_order_case();
      if (meshes_exist() && check_order_is_complete()) check_pipelines();
    });
    check_instances();
    check_hierarchical_context();
    rules_.apply({"hybrid_context"}, [&] {
      if (meshes_exist()) check_hybrid_context();
    });
    check_placement(rules_);
    rules_.apply({"embedding_stages", "pipeline"},
                 [&] { check_stages("embedding_stages", config_.embedding_stages); });
    rules_.apply({"position_embedding_stages", "pipeline"},
                 [&] { check_stages("position_embedding_stages", config_.position_embedding_stages); });
  }

 private:
  static Size expert_tensor_size(const RuleSet& rules) {
    // An expert tensor size that is unreadable is not that of `tensor` either.
    const bool is_own = rules.config.expert_tensor.has_value() || !rules.can_read({"expert_tensor"});
    return {is_own ? "expert_tensor" : "tensor", expert_tensor(rules.config)};
  }

  /// Why the tensor parallel size takes part in the mesh of the experts, if that is not evident.
  [[nodiscard]] Note expert_tensor_note() const {
    const bool has_experts = config_.expert > 1 || config_.expert_weight_remat > 1;
    if (config_.expert_tensor || !has_experts) return {};
    return {"tensor", "; " + Phrase::field("expert_tensor") + " is not given, so it is that of " +
                          Phrase::field("tensor")};
  }

  /// Whether both meshes exist. Rules about their groups can be applied only then.
  [[nodiscard]] bool meshes_exist() const {
    return rules_.can_read({"world_size", "tensor", "weight_remat", "pipeline", "context", "expert_tensor",
                            "expert_weight_remat", "expert"}) &&
           fit(dense_, config_.world_size) && fit(expert_, config_.world_size);
  }

  /// Every word of the order is an axis, and none is repeated.
  bool check_order_words() {
    bool sound = true;
    const auto refuse = [&](const std::string& rule) {
      rules_.diagnostics.add("order", config_.order, rule);
      sound = false;
    };
    const std::vector<std::string> axes = axes_of(config_.order);
    for (auto axis = axes.begin(); axis != axes.end(); ++axis) {
      if (std::find(order_axes.begin(), order_axes.end(), *axis) == order_axes.end()) {
        refuse((axis->empty() ? "has an empty axis" : "has an unknown axis, " + *axis) + ": the axes are " +
               joined(order_axes, ", ") +
               (*axis == "gtp" || *axis == "egtp" ? "; " + *axis + " finds its place by itself" : ""));
      } else if (std::find(axes.begin(), axis, *axis) != axis) {
        refuse("names " + *axis + " more than once");
      }
    }
    return sound;
  }

  /// Megatron-Core looks for the axis beside which it inserts gtp or egtp before it lowers the case of the
  /// order, and puts the inserted axis leftmost if it does not find it.
  void check_order_case() {
    const bool has_remat = config_.weight_remat > 1 || config_.expert_weight_remat > 1;
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (!has_remat || std::none_of(config_.order.begin(), config_.order.end(), is_upper)) return;
    const std::vector<std::string_view> written = split_text(config_.order, '-');
    const std::vector<std::string> lowered = axes_of(config_.order);
    const auto check = [&](const Size& size, std::string_view axis,
                           std::initializer_list<std::string_view> anchors) {
      if (size.value <= 1) return;
      const std::string found = place_beside(written, anchors);
      const std::string meant = place_beside(lowered, anchors);
      if (found == meant) return;
      rules_.diagnostics.add("order", config_.order,
                             "has two meanings with " + size.phrase() + ": " + std::string(axis) + " is " +
                                 meant + " if the order is in lower case, but Megatron-Core puts it " +
                                 found + ", because it does not find the axis in upper case");
    };
    rules_.apply({"weight_remat"}, [&] { check({"weight_remat", config_.weight_remat}, "gtp", {"tp"}); });
    rules_.apply({"expert_weight_remat"}, [&] {
      check({"expert_weight_remat", config_.expert_weight_remat}, "egtp", {"ep", "tp"});
    });
  }

  /// Where an axis goes that is inserted right of the first anchor found.
  template <typename Text>
  static std::string place_beside(const std::vector<Text>& axes,
                                  std::initializer_list<std::string_view> anchors) {
    for (const std::string_view anchor : anchors) {
      if (std::find(axes.begin(), axes.end(), anchor) != axes.end()) return "right of " + std::string(anchor);
    }
    return "leftmost";
  }

  /// The order names every axis that has several ranks in one of the meshes.
  bool check_order_is_complete() {
    const std::int64_t dense_data = config_.world_size / *product_of(dense_);
    const std::int64_t expert_data = config_.world_size / *product_of(expert_);
    struct Needed {
      std::string_view axis;
      Size size;
    };
    const std::array<Needed, 7> needed{{{"tp", {"tensor", config_.tensor}},
                                        {"tp", {"expert_tensor", expert_tensor(config_)}},
                                        {"cp", {"context", config_.context}},
                                        {"ep", {"expert", config_.expert}},
                                        {"dp", {"the data parallel size", dense_data}},
                                        {"dp", {"the expert data parallel size", expert_data}},
                                        {"pp", {"pipeline", config_.pipeline}}}};
    const std::vector<std::string> axes = axes_of(config_.order);
    std::vector<std::string> missing;
    std::vector<Phrase> reasons;
    for (const auto& [axis, size] : needed) {
      const bool is_named = std::find(axes.begin(), axes.end(), axis) != axes.end();
      if (is_named || size.value == 1) continue;
      if (std::find(missing.begin(), missing.end(), axis) != missing.end()) continue;
      missing.emplace_back(axis);
      reasons.push_back(std::string(axis) + " though " + size.phrase());
    }
    if (missing.empty()) return true;
    rules_.diagnostics.add("order", config_.order, "lacks " + joined_phrases(reasons, ", "));
    return false;
  }

  /// Both meshes have the same pipeline groups: the stages lie equally many ranks apart.
  void check_pipelines() {
    if (config_.pipeline == 1) return;
    const Mesh dense(megatron_core::dense_axes(config_));
    const Mesh expert(megatron_core::expert_axes(config_));
    if (dense.stride("pp") == expert.stride("pp")) return;
    rules_.diagnostics.add("order", config_.order,
                           "gives the experts other pipeline groups than the dense layers: stages lie " +
                               std::to_string(dense.stride("pp")) + " ranks apart in " + dense.to_string() +
                               ", but " + std::to_string(expert.stride("pp")) + " in " + expert.to_string());
  }

  void check_instances() {
    const std::int64_t value = config_.optimizer_instances;
    rules_.apply({"optimizer_instances"}, [&] {
      if (value < 1) rules_.diagnostics.add("optimizer_instances", value, "is below 1");
    });
    rules_.apply({"optimizer_instances", "weight_remat", "expert_weight_remat"}, [&] {
      if (value < 2 || (config_.weight_remat <= 1 && config_.expert_weight_remat <= 1)) return;
      rules_.diagnostics.add("optimizer_instances", value,
                             "cannot go together with " +
                                 Phrase::field("weight_remat", config_.weight_remat) + ", " +
                                 Phrase::field("expert_weight_remat", config_.expert_weight_remat) +
                                 ": one of the two must be at 1");
    });
    rules_.apply({"optimizer_instances"}, [&] {
      if (value < 2 || !meshes_exist()) return;
      const std::int64_t dense = config_.world_size / *product_of(dense_) * config_.context;
      const std::int64_t expert = config_.world_size / *product_of(expert_);
      check_instances_divide(dense, "the data and context groups of " + std::to_string(dense) + " ranks");
      check_instances_divide(expert, "the expert data groups of " + std::to_string(expert) + " ranks");
    });
  }

  void check_instances_divide(std::int64_t ranks, const std::string& what) {
    const std::int64_t value = config_.optimizer_instances;
    if (ranks % value == 0) return;
    rules_.diagnostics.add("optimizer_instances", value, "does not divide " + what);
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
    const bool are_sizes =
        std::all_of(levels.begin(), levels.end(), [](const Size& level) { return level.value >= 1; });
    rules_.apply({"hierarchical_context"}, [&] {
      if (!are_sizes) rules_.diagnostics.add("hierarchical_context", text, "has a level below 1");
    });
    rules_.apply({"hierarchical_context", "context"}, [&] {
      const auto product = product_of(levels);
      if (!are_sizes || product == config_.context) return;
      rules_.diagnostics.add("hierarchical_context", text,
                             "multiplies to " +
                                 (product ? std::to_string(*product) : "more than 2147483647") + ", not to " +
                                 Phrase::field("context", config_.context));
    });
  }

  void check_hybrid_context() {
    if (!config_.hybrid_context) return;
    const std::int64_t ranks = config_.world_size / *product_of(dense_) * config_.context;
    const std::string groups = "the data and context groups of " + std::to_string(ranks) + " ranks";
    if (ranks % 2 != 0) {
      rules_.diagnostics.add("hybrid_context", "true", "needs an even size of " + groups);
      return;
    }
    for (const std::int64_t size : megatron_core::hybrid_sizes(ranks)) {
      if (ranks % size == 0) continue;
      rules_.diagnostics.add(
          "hybrid_context", "true",
          "does not work: its groups of " + std::to_string(size) + " do not divide " + groups);
    }
  }

  void check_stages(std::string_view field, const std::vector<std::int64_t>& stages) {
    if (config_.pipeline <= 1) return;
    for (auto stage = stages.begin(); stage != stages.end(); ++stage) {
      if (*stage < -config_.pipeline || *stage >= config_.pipeline) {
        rules_.diagnostics.add(field, *stage,
                               "is no stage of " + Phrase::field("pipeline", config_.pipeline) +
                                   ", which has stages 0 .. " + std::to_string(config_.pipeline - 1) +
                                   ", or -1 .. " + std::to_string(-config_.pipeline) + " from the end");
      } else if (std::find(stages.begin(), stage, *stage) != stage) {
        rules_.diagnostics.add(field, *stage, "is named twice");
      }
    }
  }

  const RuleSet& rules_;
  const ParallelConfig& config_;
  std::vector<Size> dense_;
  std::vector<Size> expert_;
};

}  // namespace

void check_megatron_core(const RuleSet& rules) {
  Checker(rules).run();
}

}  // namespace rankmesh
