#pragma once

#include <algorithm>

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
  /// Seconds of an all-gather or a reduce-scatter of so many bytes, in rings through all levels of links at
  /// once. The links out of a group's domains of a level carry what each rank sends, and have the bandwidth
  /// of the members in the domain together; the slowest level counts (the bandwidth term of Thakur,
  /// Rabenseifner and Gropp, "Optimization of Collective Communication Operations in MPICH", 2005, section 4,
  /// for each cut). Before data moves, what a rank has is doubled log2(members) times in all, inside the
  /// domains first, as in recursive doubling (the same, section 4.1); each doubling has the latency of the
  /// level whose links it crosses.
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
  /// The links out of the domains of a level that a group's messages take.
  struct Links {
    /// The fewest members of the group in a domain.
    std::int64_t members = 1;
    /// Bytes per second for each member.
    double rate = 0;
    /// Seconds by which a message is later than on the machines that constants were fitted to.
    double delay = 0;
    /// Whether they lead out of fast domains.
    bool is_network = false;
  };
  /// Calls `use(links, members)` for each level whose domains are smaller than a group, innermost first, with
  /// the members in a domain of the next level, which the links connect.
  template <typename Use>
  void for_each_links(const GroupSpan& group, Use use) const {
    Links links{.rate = link_, .delay = link_delay_};
    const auto pass = [&](const Links& next) {
      if (links.members < group.size) use(links, next.members);
      links = next;
    };
    const auto pass_levels = [&](bool is_network) {
      for (const LevelLinks& level : machine_.levels) {
        if ((level.domain < machine_.domain) == is_network) continue;
        Links next = is_network ? Links{.rate = c_.network, .delay = network_delay_}
                                : Links{.rate = c_.link, .delay = link_delay_};
        next.members = std::max(links.members, spans_.members_in(group, level.domain));
        next.rate *= level.gb_s * 1e9;
        if (level.latency_s)
          next.delay = *level.latency_s - (is_network ? c_.network_latency_s : c_.link_latency_s);
        next.is_network = is_network;
        pass(next);
      }
    };
    pass_levels(false);
    pass({.members = std::max(links.members, group.in_domain),
          .rate = network_,
          .delay = network_delay_,
          .is_network = true});
    pass_levels(true);
    pass({.members = group.size});
  }
  /// Bytes per second that a rank of a ring sends.
  [[nodiscard]] double ring_rate(const GroupSpan& group) const;
  /// The same of messages between two ranks that are as far from each other as the members of a group.
  [[nodiscard]] double pair_rate(const GroupSpan& group) const;
  /// The delay of the messages between the members that are farthest from each other.
  [[nodiscard]] double delay(const GroupSpan& group) const;
  /// Seconds before a doubling of what a rank has.
  [[nodiscard]] double start(double delay) const { return std::max(0.0, c_.latency_s / 2 + delay); }
  void add_attention(PassTime& time) const;
  void add_scores(PassTime& time) const;
  void add_mlp(double inner, PassTime& time) const;
  void add_experts(PassTime& time) const;
  void add_messages(bool has_experts, PassTime& time) const;
  /// Every rank sends as much to each other one. What leaves a domain shares the links out of it, and all
  /// levels are busy at once; inside fast domains, the links carry no more than what stays there.
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
  /// `Links::delay` inside a fast domain, and between fast domains.
  double link_delay_;
  double network_delay_;
  LayoutSpans spans_;
};

}  // namespace rankmesh::planner
