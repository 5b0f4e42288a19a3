#include <algorithm>
#include <utility>

#include "group_span.hpp"
#include "messages.hpp"
#include "shapes.hpp"

namespace rankmesh::planner {
namespace {

/// The domains that ranks are in: those of a level of a cluster, or of one size.
struct Domains {
  std::int64_t size = 1;
  const Cluster* cluster = nullptr;
  std::size_t level = 0;

  [[nodiscard]] std::int64_t of(std::int64_t rank) const {
    return cluster != nullptr ? cluster->domain_of(static_cast<int>(rank), level) : rank / size;
  }
};

/// The ranks of a stage.
struct Ranks {
  std::int64_t stage = 0;
  std::int64_t count = 0;
  Digit stages{};
  Domains domains{};

  /// A rank of the stage.
  [[nodiscard]] std::int64_t at(std::int64_t i) const {
    return i % stages.stride + i / stages.stride * stages.stride * stages.size + stage * stages.stride;
  }
  [[nodiscard]] bool are_near(std::int64_t rank, std::int64_t other) const {
    return domains.of(rank) == domains.of(other);
  }
};

/// The next member of a rank's group, or the first one.
std::int64_t next_member(const GroupSpan& group, std::int64_t rank) {
  for (const Digit& digit : group.digits) {
    if (digit.of(rank) + 1 < digit.size) return rank + digit.stride;
    rank -= digit.of(rank) * digit.stride;
  }
  return rank;
}

/// The part of the messages of a stage's ranks that stays in the domain, if every member of a group sends to
/// the next one.
double near_in_ring(const GroupSpan& group, const Ranks& ranks) {
  std::int64_t near = 0;
  for (std::int64_t i = 0; i < ranks.count; ++i) {
    const std::int64_t rank = ranks.at(i);
    near += ranks.are_near(rank, next_member(group, rank)) ? 1 : 0;
  }
  return as_double(near) / as_double(ranks.count);
}

/// The same if every member sends as much to each other one, in groups of one digit.
double near_in_pairs(const GroupSpan& group, const Ranks& ranks) {
  const Digit& digit = group.digits[0];
  std::int64_t near = 0;
  std::vector<std::int64_t> domains(static_cast<std::size_t>(group.size));
  for (std::int64_t i = 0; i < ranks.count; ++i) {
    std::int64_t rank = ranks.at(i);
    if (digit.of(rank) != 0) continue;
    for (std::int64_t& domain : domains) {
      domain = ranks.domains.of(rank);
      rank += digit.stride;
    }
    std::sort(domains.begin(), domains.end());
    for (auto first = domains.begin(); first != domains.end();) {
      const auto last = std::upper_bound(first, domains.end(), *first);
      near += (last - first) * (last - first - 1);
      first = last;
    }
  }
  return as_double(near) / as_double(ranks.count * (group.size - 1));
}

/// The part of a stage's ranks whose message to another stage stays in the domain.
double near_stages(const Ranks& ranks, std::int64_t stage) {
  std::int64_t near = 0;
  for (std::int64_t i = 0; i < ranks.count; ++i) {
    const std::int64_t rank = ranks.at(i);
    near += ranks.are_near(rank, rank + (stage - ranks.stage) * ranks.stages.stride) ? 1 : 0;
  }
  return as_double(near) / as_double(ranks.count);
}

class TrafficOfStage {
 public:
  TrafficOfStage(const Work& work, const Domains& domains, const Training& training, const Layout& layout,
                 std::int64_t number)
      : model_(work.model()),
        training_(training),
        layout_(layout),
        // The digits of the groups do not depend on domains.
        spans_(layout, 1),
        ranks_{.stage = number,
               .count = layout.world() / layout.pp,
               .stages = spans_.pipeline.digits[0],
               .domains = domains},
        stage_(work, layout, number),
        microbatches_(microbatches_of(training, layout)) {}

  std::vector<Traffic> take() {
    const LayerMessages with(model_, training_, layout_, true);
    const LayerMessages without(model_, training_, layout_, false);
    const Passes passes(training_);
    const auto in_layers = [&](Messages LayerMessages::*kind, double times) {
      const double experts = stage_.with_experts * times * microbatches_;
      const double others = stage_.without * times * microbatches_;
      return Sum{.bytes = (with.*kind).bytes * (with.*kind).calls * experts +
                          (without.*kind).bytes * (without.*kind).calls * others,
                 .calls = (with.*kind).calls * experts + (without.*kind).calls * others};
    };
    Sum tensor = in_layers(&LayerMessages::tensor, passes.others);
    const Messages ends = end_messages(model_, training_, layout_, stage_);
    tensor.bytes += ends.bytes * ends.calls * microbatches_;
    tensor.calls += ends.calls * microbatches_;
    add_gathers("tensor", spans_.tensor, tensor);
    add_gathers("expert_tensor", spans_.expert_tensor,
                in_layers(&LayerMessages::expert_tensor, passes.others));
    add("context", "ring", in_layers(&LayerMessages::context, passes.context), spans_.context, near_in_ring);
    Sum expert = in_layers(&LayerMessages::expert, passes.others);
    // A rank keeps what its own experts process.
    expert.bytes *= as_double(layout_.ep - 1) / as_double(layout_.ep);
    add("expert", "all-to-all", expert, spans_.expert, near_in_pairs);
    add_pipeline();
    const double bytes = data_bytes(training_, microbatches_);
    const double calls = training_.zero >= 3 ? 3 * microbatches_ : 2;
    add_gathers("data", spans_.data, {bytes * stage_.dense, calls});
    add_gathers("expert_data", spans_.expert_data, {bytes * stage_.experts, calls});
    add_embedding();
    return std::move(result_);
  }

 private:
  struct Sum {
    double bytes = 0;
    double calls = 0;
  };

  void add(std::string_view kind, std::string_view pattern, const Sum& sum, const GroupSpan& group,
           double (*near_in)(const GroupSpan&, const Ranks&)) {
    if (group.size < 2 || sum.bytes <= 0) return;
    const double near = near_in(group, ranks_);
    result_.push_back({.kind = kind,
                       .pattern = pattern,
                       .calls = sum.calls,
                       .domain_bytes = sum.bytes * near,
                       .network_bytes = sum.bytes * (1 - near)});
  }

  /// All-gathers and reduce-scatters around a ring: a rank sends all parts but one.
  void add_gathers(std::string_view kind, const GroupSpan& group, Sum sum) {
    sum.bytes *= as_double(group.size - 1) / as_double(group.size);
    add(kind, "all-gather and reduce-scatter", sum, group, near_in_ring);
  }

  /// Each part of a stage sends forward to the next part, on the next stage, and back.
  void add_pipeline() {
    if (layout_.pp == 1) return;
    const double bytes = stage_bytes(model_, training_, layout_) * microbatches_;
    const double next = as_double(stage_.is_last ? layout_.vpp - 1 : layout_.vpp);
    const double before = as_double(stage_.is_first ? layout_.vpp - 1 : layout_.vpp);
    const double near = next * near_stages(ranks_, (ranks_.stage + 1) % layout_.pp) +
                        before * near_stages(ranks_, (ranks_.stage + layout_.pp - 1) % layout_.pp);
    result_.push_back({.kind = "pipeline",
                       .pattern = "neighbours",
                       .calls = (next + before) * microbatches_,
                       .domain_bytes = bytes * near,
                       .network_bytes = bytes * (next + before - near)});
  }

  /// The gradients of both copies of the embedding are added: in an all-reduce of two, each sends all it has.
  void add_embedding() {
    if (stage_.shared_embedding <= 0) return;
    const double near = near_stages(ranks_, stage_.is_first ? layout_.pp - 1 : 0);
    const double bytes = training_.gradient_bytes * stage_.shared_embedding;
    result_.push_back({.kind = "embedding",
                       .pattern = "all-reduce",
                       .calls = 1,
                       .domain_bytes = bytes * near,
                       .network_bytes = bytes * (1 - near)});
  }

  const ModelConfig& model_;
  const Training& training_;
  const Layout& layout_;
  LayoutSpans spans_;
  Ranks ranks_;
  Stage stage_;
  double microbatches_;
  std::vector<Traffic> result_;
};

}  // namespace

std::vector<Traffic> traffic(const Work& work, const Machine& machine, const Training& training,
                             const Layout& layout, std::int64_t stage) {
  return TrafficOfStage(work, {.size = machine.domain}, training, layout, stage).take();
}

std::vector<LevelTraffic> traffic_by_level(const Work& work, const Cluster& cluster, const Training& training,
                                           const Layout& layout, std::span<const std::size_t> levels,
                                           std::int64_t stage) {
  std::vector<LevelTraffic> result;
  // What is left for the levels outside those that were counted.
  std::vector<double> left;
  for (const Traffic& line : TrafficOfStage(work, {}, training, layout, stage).take()) {
    result.push_back({.kind = line.kind, .calls = line.calls, .bytes = {}});
    left.push_back(line.network_bytes);
  }
  for (const std::size_t level : levels) {
    const std::vector<Traffic> lines =
        TrafficOfStage(work, {.cluster = &cluster, .level = level}, training, layout, stage).take();
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i].bytes.push_back(left[i] - lines[i].network_bytes);
      left[i] = lines[i].network_bytes;
    }
  }
  for (std::size_t i = 0; i < result.size(); ++i) result[i].bytes.push_back(left[i]);
  return result;
}

}  // namespace rankmesh::planner
