#include <algorithm>
#include <cmath>

#include "estimate_parts.hpp"
#include "layer_time.hpp"
#include "messages.hpp"

namespace rankmesh::planner {
namespace {

/// Seconds of one microbatch on a stage.
struct StageTime {
  double compute = 0;
  double recompute = 0;
  double tensor = 0;
  double context = 0;
  double expert = 0;
  /// Gradients of weights, a part of `compute`: each takes as long as the matrix of the forward pass.
  double weights = 0;

  [[nodiscard]] double total() const { return compute + tensor + context + expert; }
};

/// The times of all stages: the slowest one, and the averages.
struct StageTimes {
  StageTime slowest{};
  double average = 0;
  double average_weights = 0;
};

class StageClock {
 public:
  StageClock(const Work& work, const Training& training, const Layout& layout, const LayerClock& clock)
      : work_(work),
        training_(training),
        layout_(layout),
        clock_(clock),
        passes_(training),
        output_(clock.output()) {
    const ModelConfig& model = work.model();
    if (model.experts > 0) with_experts_ = clock.layer(true);
    if (model.expert_layers() < model.layers) without_ = clock.layer(false);
  }

  [[nodiscard]] StageTimes all() const {
    StageTimes times;
    for (std::int64_t number = 0; number < layout_.pp; ++number) {
      const StageTime time = of(Stage(work_, layout_, number));
      times.average += time.total() / as_double(layout_.pp);
      times.average_weights += time.weights / as_double(layout_.pp);
      if (time.total() > times.slowest.total()) times.slowest = time;
    }
    return times;
  }

 private:
  [[nodiscard]] StageTime of(const Stage& stage) const {
    StageTime time;
    add(with_experts_, stage.with_experts, time);
    add(without_, stage.without, time);
    if (stage.is_last) {
      time.compute += (1 + stage.mtp) * (output_.forward() + output_.backward());
      time.weights += (1 + stage.mtp) * output_.matrices;
    }
    time.tensor += clock_.ends(stage);
    return time;
  }

  void add(const PassTime& layer, double layers, StageTime& time) const {
    const double again = training_.recompute == Recompute::full        ? layer.forward()
                         : training_.recompute == Recompute::selective ? layer.attention
                                                                       : 0;
    time.compute += layers * (layer.forward() + layer.backward() + again);
    time.recompute += layers * again;
    time.weights += layers * layer.matrices;
    time.tensor += layers * passes_.others * layer.tensor;
    time.context += layers * passes_.context * layer.context;
    time.expert += layers * passes_.others * layer.expert;
  }

  const Work& work_;
  const Training& training_;
  const Layout& layout_;
  const LayerClock& clock_;
  Passes passes_;
  PassTime with_experts_{};
  PassTime without_{};
  PassTime output_;
};

/// Seconds in which a stage reduces gradients and gathers parameters, as far as nothing hides them.
double data_time(const Stage& stage, const Training& training, const Layout& layout, const LayerClock& clock,
                 const Constants& c, double one_pass, double all_passes) {
  const double bytes = data_bytes(training, microbatches_of(training, layout));
  const double seconds = clock.ring(clock.spans().data, bytes * stage.dense) +
                         clock.ring(clock.spans().expert_data, bytes * stage.experts);
  if (training.zero >= 3) return std::max(seconds * (1 - c.shards_hidden), seconds - 0.9 * all_passes);
  return std::max(seconds * (1 - c.data_hidden), seconds - one_pass);
}

/// Seconds in which the first and the last stage add the gradients of the embedding that both have.
double embedding_time(const Stage& stage, const Training& training, const LayerClock& clock) {
  if (stage.shared_embedding <= 0) return 0;
  return clock.add_ends(training.gradient_bytes * stage.shared_embedding);
}

double optimizer_time(const Stage& stage, const Training& training, const Layout& layout,
                      const LayerClock& clock, const Constants& c) {
  const double shards = training.zero == 0 ? 1 : as_double(layout.dp * layout.cp);
  const double expert_shards =
      training.zero == 0 ? 1 : as_double(std::max<std::int64_t>(1, layout.expert_dp()));
  return c.optimizer_bytes * (stage.dense / shards + stage.experts / expert_shards) / clock.memory_rate();
}

}  // namespace

StepTime step_time(const Work& work, const Machine& machine, const Training& training, const Layout& layout,
                   const Constants& constants) {
  const LayerClock clock(work.model(), machine, training, layout, constants);
  const StageTimes stages = StageClock(work, training, layout, clock).all();
  const StageTime& slowest = stages.slowest;
  const double microbatches = microbatches_of(training, layout);
  StepTime time{.compute = microbatches * slowest.compute,
                .recompute = microbatches * slowest.recompute,
                .tensor = microbatches * slowest.tensor,
                .context = microbatches * slowest.context,
                .expert = microbatches * slowest.expert,
                .pipeline = microbatches * clock.stage_messages()};
  // arXiv 2104.04473, section 2.2: the first microbatch passes all stages before the last one is busy. In the
  // schedule ZB-H1 of arXiv 2401.10241, table 2, gradients of weights fill their own time and as much again.
  const double filled = training.zero_bubble ? 2 * stages.average_weights : 0;
  time.bubble =
      as_double(layout.pp - 1) / as_double(layout.vpp) * (stages.average - filled + clock.stage_messages());
  const double all_passes = time.total();
  // Embedding and output matrix are at the ends.
  for (const std::int64_t number : {std::int64_t{0}, layout.pp - 1}) {
    const Stage stage(work, layout, number);
    const double data = data_time(stage, training, layout, clock, constants, slowest.total(), all_passes) +
                        embedding_time(stage, training, clock);
    time.data = std::max(time.data, data);
    time.optimizer = std::max(time.optimizer, optimizer_time(stage, training, layout, clock, constants));
  }
  return time;
}

Estimate estimate(const Work& work, const Machine& machine, const Training& training, const Layout& layout,
                  const Constants& constants) {
  Estimate result;
  for (std::int64_t stage = 0; stage < layout.pp; ++stage) {
    const StageMemory memory = memory_of_stage(work, training, layout, constants, stage);
    if (stage > 0 && memory.total() <= result.memory.total()) continue;
    result.memory = memory;
    result.stage = stage;
  }
  result.fits = fit_of(result.memory, machine);
  result.time = step_time(work, machine, training, layout, constants);
  result.step_s = result.time.total();
  result.model_flops = work.step_flops(training.sequence_length) * as_double(training.global_batch) *
                       as_double(training.sequence_length);
  return result;
}

}  // namespace rankmesh::planner
