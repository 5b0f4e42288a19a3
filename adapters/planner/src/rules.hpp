#pragma once

#include <string>
#include <string_view>

#include "group_span.hpp"
#include "rankmesh/planner/job.hpp"

/// @file
/// The rules for the sizes of a layout, for `check` and for the search alike: one function for each size that
/// a search chooses, with what it was given before. `found` is `Reasons` or `Verdict`.

namespace rankmesh::planner {

/// Collects every reason.
class Reasons {
 public:
  explicit Reasons(Diagnostics& found) : found_(found) {}

  void require(bool holds, std::string_view field, std::int64_t value, std::string_view reason) {
    if (!holds) found_.add(field, value, std::string(reason));
  }
  void require(bool holds, const Order& order, std::string_view reason) {
    if (!holds) found_.add("order", to_string(order), std::string(reason));
  }
  void divides(std::string_view field, std::int64_t value, std::string_view whole, std::int64_t number) {
    if (number % value != 0) found_.add(field, value, "does not divide " + Phrase::field(whole, number));
  }
  void is_multiple(std::string_view field, std::int64_t value, std::string_view part, std::int64_t number) {
    if (value % number != 0) found_.add(field, value, "is no multiple of " + Phrase::field(part, number));
  }
  void is_no_more(std::string_view field, std::int64_t value, std::int64_t stages, std::int64_t layers) {
    if (stages > layers)
      found_.add(field, value, "makes more stages than " + Phrase::field("layers", layers));
  }

 private:
  Diagnostics& found_;
};

/// Whether there is no reason.
class Verdict {
 public:
  void require(bool holds, std::string_view, std::int64_t, std::string_view) { holds_ &= holds; }
  void require(bool holds, const Order&, std::string_view) { holds_ &= holds; }
  void divides(std::string_view, std::int64_t value, std::string_view, std::int64_t number) {
    holds_ &= number % value == 0;
  }
  void is_multiple(std::string_view, std::int64_t value, std::string_view, std::int64_t number) {
    holds_ &= value % number == 0;
  }
  void is_no_more(std::string_view, std::int64_t, std::int64_t stages, std::int64_t layers) {
    holds_ &= stages <= layers;
  }
  [[nodiscard]] bool holds() const { return holds_; }

 private:
  bool holds_ = true;
};

template <typename Found>
void check_tensor(const ModelConfig& model, std::int64_t tp, Found& found) {
  found.divides("tp", tp, "heads", model.heads);
  if (tp <= model.kv_heads) {
    found.divides("tp", tp, "kv_heads", model.kv_heads);
  } else {
    found.is_multiple("tp", tp, "kv_heads", model.kv_heads);
  }
  if (model.expert_layers() < model.layers) found.divides("tp", tp, "ffn", model.ffn);
}

template <typename Found>
void check_context(const Training& training, std::int64_t cp, Found& found) {
  found.divides("cp", cp, "seq_length", training.sequence_length);
}

/// The sizes of the experts, with those of the stages.
template <typename Found>
void check_experts(const ModelConfig& model, const Layout& layout, Found& found) {
  if (model.experts > 0) {
    found.divides("ep", layout.ep, "experts", model.experts);
    found.divides("etp", layout.etp, "expert_ffn", model.expert_ffn);
  } else {
    found.require(layout.ep == 1, "ep", layout.ep, "needs experts, but experts = 0");
  }
}

/// Megatron-Core has one order for the mesh of the experts and that of the other layers.
template <typename Found>
void check_order(const Layout& layout, Found& found) {
  if (layout.pp == 1 || layout.order.axes.back() == OrderAxis::pp) return;
  const auto stride = [&](bool is_of_experts) {
    return digits_of(layout, is_of_experts)[static_cast<std::size_t>(OrderAxis::pp)].stride;
  };
  const bool is_one_dp = layout.expert_dp() == layout.dp;
  found.require(is_one_dp, layout.order,
                "does not end with pp, though the experts have another data parallel size");
  found.require(!is_one_dp || stride(false) == stride(true), layout.order,
                "gives the experts other pipeline groups than the dense layers");
}

/// Stages without parts may differ by one layer, as with a pipeline layout of Megatron-Core; parts of stages
/// have as many layers each.
template <typename Found>
void check_stages(const ModelConfig& model, const Layout& layout, Found& found) {
  if (layout.vpp == 1) return found.is_no_more("pp", layout.pp, layout.pp, model.layers);
  found.require(layout.pp > 1, "vpp", layout.vpp, "needs several stages, but pp = 1");
  found.is_no_more("vpp", layout.vpp, layout.pp * layout.vpp, model.layers);
  found.require(layout.pp * layout.vpp > model.layers || model.layers % (layout.pp * layout.vpp) == 0, "vpp",
                layout.vpp, "times pp does not divide the layers");
}

/// The schedule. Megatron-Core's interleaved one takes microbatches in rounds of one for each stage.
template <typename Found>
void check_batch(const Training& training, const Layout& layout, Found& found) {
  const std::int64_t sequences = training.micro_batch * layout.dp;
  found.require(training.global_batch % sequences == 0, "global_batch", training.global_batch,
                "is no multiple of micro_batch times dp");
  found.require(layout.vpp == 1 || !training.zero_bubble, "vpp", layout.vpp,
                "is above 1, but the schedule with zero bubble has no parts of stages");
  if (layout.vpp > 1 && training.global_batch % sequences == 0) {
    found.require(training.global_batch / sequences % layout.pp == 0, "global_batch", training.global_batch,
                  "is no multiple of micro_batch times dp times pp, but vpp is above 1");
  }
}

}  // namespace rankmesh::planner
