#pragma once

#include "group_span.hpp"
#include "messages.hpp"
#include "rankmesh/planner/estimate.hpp"
#include "shapes.hpp"

namespace rankmesh::planner {

/// Seconds of a microbatch in a layer or a part of it.
struct PassTime {
  /// Matrices of the forward pass.
  double matrices = 0;
  /// Attention of the forward pass.
  double attention = 0;
  /// Norms, activations and all else that is bound by the memory's bandwidth, in the forward pass, and the
  /// time to start kernels.
  double other = 0;
  /// Messages of the forward pass that nothing hides.
  double tensor = 0;
  double context = 0;
  double expert = 0;

  [[nodiscard]] double forward() const { return matrices + attention + other; }
  /// Gradients of inputs and of weights; attention computes its scores again.
  [[nodiscard]] double backward() const { return 2 * matrices + 2.5 * attention + 2 * other; }
};

/// The times of the parts of a model on one GPU.
class LayerClock {
 public:
  LayerClock(const ModelConfig& model, const Machine& machine, const Training& training, const Layout& layout,
             const Constants& constants);

  /// A layer, with experts or with an MLP.
  [[nodiscard]] PassTime layer(bool has_experts) const;
  /// The output matrix and the loss.
  [[nodiscard]] PassTime output() const;
  /// Messages of the first and the last stage, forward and backward.
  [[nodiscard]] double ends(const Stage& stage) const;
  /// A message to the next stage and one back, of one microbatch.
  [[nodiscard]] double stage_messages() const;
  /// Seconds of an all-gather or a reduce-scatter of so many bytes.
  [[nodiscard]] double ring(const GroupSpan& group, double bytes) const;
  /// Seconds in which two ranks at the ends of the pipeline add so many bytes.
  [[nodiscard]] double add_ends(double bytes) const;
  /// How the groups lie on domains.
  [[nodiscard]] const LayoutSpans& spans() const { return spans_; }
  /// Bytes per second of the memory.
  [[nodiscard]] double memory_rate() const { return memory_rate_; }

 private:
  [[nodiscard]] double matrix(double rows, double inner, double columns, double peak) const;
  [[nodiscard]] double bytes_time(double bytes) const { return bytes / memory_rate_; }
  /// Bytes per second that a rank of a ring sends.
  [[nodiscard]] double ring_rate(const GroupSpan& group) const;
  /// The delay of the messages between the members that are farthest from each other.
  [[nodiscard]] double delay(const GroupSpan& group) const {
    return group.crosses() ? network_delay_ : link_delay_;
  }
  void add_attention(PassTime& time) const;
  void add_scores(PassTime& time) const;
  void add_mlp(double inner, PassTime& time) const;
  void add_experts(PassTime& time) const;
  void add_messages(bool has_experts, PassTime& time) const;
  [[nodiscard]] double all_to_all(double bytes) const;

  const ModelConfig& m_;
  const Machine& machine_;
  const Training& t_;
  const Layout& l_;
  const Constants& c_;
  double tp_;
  double tokens_;
  double hidden_;
  double memory_rate_;
  /// Seconds before a kernel starts.
  double launch_;
  /// FLOP/s of large matrices: those of layers, and that of the output.
  double peak_;
  double output_peak_;
  double link_;
  double network_;
  /// Seconds by which a message inside a domain, or between domains, is later than on the machines that
  /// constants were fitted to.
  double link_delay_;
  double network_delay_;
  LayoutSpans spans_;
};

}  // namespace rankmesh::planner
