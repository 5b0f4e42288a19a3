#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "layout.hpp"
#include "rankmesh/topology/text.hpp"
#include "readers.hpp"

namespace rankmesh::dialects {
namespace {

constexpr std::array<std::string_view, 3> conventions{"classic", "folded", "data-before-experts"};

std::vector<Axis> in_common_names(const std::vector<Axis>& axes) {
  return renamed(axes, {{"pipe", "pp"}, {"data", "dp"}, {"model", "tp"}});
}

/// Two names of one axis, for example pipe and pp.
void refuse_same_axes(const std::vector<Axis>& written, WordReader& words) {
  const std::vector<Axis> axes = in_common_names(written);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (axes[i].name != axes[j].name || written[i].name == written[j].name) continue;
      words.refuse("axes", words.text("axes").value_or(""),
                   "names " + written[i].name + " and " + written[j].name + ", which are one axis");
    }
  }
}

/// The axes that the experts share out: those of the data parallel ranks and, if folded, of the tensor
/// parallel ranks.
std::vector<Axis> ranks_of_experts(std::string_view convention, std::vector<Axis> axes) {
  std::erase_if(axes, [&](const Axis& axis) {
    const std::string name = in_common_names({axis}).front().name;
    return name != "dp" && (name != "tp" || convention != "folded");
  });
  return axes;
}

/// The mesh of the experts in one of the conventions.
std::vector<Axis> experts_in(std::string_view convention, const std::vector<Axis>& dense,
                             std::int64_t experts) {
  const Axis tensor{"tp", size_of(dense, "tp")};
  const Axis expert{"ep", experts};
  const Axis data{"edp", experts == -1 ? 1 : -1};
  const Axis pipeline{"pp", size_of(dense, "pp")};
  if (convention == "folded") return {expert, data, pipeline};
  if (convention == "classic") return {tensor, expert, data, pipeline};
  return {tensor, data, expert, pipeline};
}

/// DeepSpeed numbers these groups along the data parallel ranks first, then along the tensor parallel ranks,
/// then along the stages.
void number_along_data(ParallelConfig& config) {
  for (KindSpec& kind : config.kinds) {
    if (kind.kind == "expert") kind.groups.numbering = {"edp", "tp", "pp"};
    if (kind.kind == "expert_data") kind.groups.numbering = {"ep", "tp", "pp"};
  }
}

/// The convention of the axes of the experts; empty if they follow none.
std::string_view convention_of(const Layout& layout) {
  const std::vector<Axis> experts = expert_form(layout.experts);
  const std::int64_t tensor = size_of(layout.dense, "tp");
  const std::int64_t expert_tensor = size_of(experts, "etp");
  if (expert_tensor == tensor && are_in_order(experts, {"etp", "ep", "edp", "pp"})) return "classic";
  if (expert_tensor == tensor && are_in_order(experts, {"etp", "edp", "ep", "pp"})) {
    return "data-before-experts";
  }
  if (expert_tensor == 1 && are_in_order(experts, {"ep", "edp", "pp"})) return "folded";
  return "";
}

/// ` ep=4 experts=classic`
std::string experts_text(const Layout& layout, Diagnostics& diagnostics) {
  const std::string_view convention = convention_of(layout);
  if (convention.empty() || !are_in_order(without_ones(layout.dense), {"tp", "dp", "pp"})) {
    diagnostics.add("layout", Mesh(layout.experts).to_string(),
                    "is none of DeepSpeed's ways to lay out experts beside pipe,data,model: classic (tp, ep, "
                    "data), data-before-experts (tp, data, ep) and folded (ep, data)");
  }
  return " ep=" + std::to_string(size_of(layout.experts, "ep")) + " experts=" + std::string(convention);
}

}  // namespace

ParallelConfig read_deepspeed(std::string_view text, WorldSize world_size) {
  WordReader words(text, {"axes", "dims", "ep", "experts"});
  const std::vector<Axis> written = reversed(words.axes("axes", "dims"));
  const std::vector<Axis> dense = in_common_names(written);
  refuse_same_axes(written, words);
  const std::int64_t experts = words.size("ep", 1);
  const std::string convention = lower_case(words.text("experts").value_or("classic"));
  if (std::find(conventions.begin(), conventions.end(), convention) == conventions.end()) {
    words.refuse("experts", convention, "is none of " + joined(conventions, ", "));
  }
  if (words.has("experts") && !words.has("ep")) {
    words.refuse("experts", convention, "means nothing without ep=N");
  }
  if (experts != 1 && !are_in_order(without_ones(dense), {"tp", "dp", "pp"})) {
    words.refuse("axes", words.text("axes").value_or(""),
                 "does not go with experts: their groups are made for pipe,data,model alone");
  }
  words.throw_if_wrong();
  // The mesh of the experts takes sizes from the dense mesh, which must be complete.
  const std::vector<Axis> filled = words.filled(written, world_size);
  words.throw_if_wrong();
  words.require_experts_fit(experts, ranks_of_experts(convention, filled));
  words.throw_if_wrong();
  Layout layout{in_common_names(filled)};
  if (words.has("ep")) layout.experts = experts_in(convention, layout.dense, experts);
  ParallelConfig config = config_on_meshes(std::move(layout), world_size, words);
  if (words.has("ep") && convention != "folded") number_along_data(config);
  return config;
}

std::string write_deepspeed(const ParallelConfig& config) {
  Diagnostics diagnostics;
  refuse_place(config, diagnostics);
  const Layout layout = layout_of(config, diagnostics);
  const std::vector<Axis> dense =
      renamed(reversed(shown(layout.dense)), {{"pp", "pipe"}, {"dp", "data"}, {"tp", "model"}});
  std::string text = "axes=" + names_text(dense) + " dims=" + sizes_text(dense);
  if (!layout.experts.empty()) text += experts_text(layout, diagnostics);
  throw_if_any(diagnostics);
  return text;
}

}  // namespace rankmesh::dialects
