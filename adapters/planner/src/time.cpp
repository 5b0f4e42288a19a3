#include <algorithm>
#include <cmath>

#include "estimate_parts.hpp"
#include "layer_time.hpp"

namespace rankmesh::planner {
namespace {

/// Seconds of one microbatch on a stage.
struct StageTime {
  PassTime sum{};
  double recompute = 0;
  double compute = 0;
  double total = 0;
};

void add(PassTime& sum, const PassTime& part, double count) {
  sum.matrices += count * part.matrices;
  sum.attention += count * part.attention;
  sum.other += count * part.other;
  sum.tensor += count * part.tensor;
  sum.context += count * part.context;
  sum.expert += count * part.expert;
}

/// The times of all stages: the slowest one, and the average.
struct StageTimes {
  StageTime slowest{};
  double average = 0;
};

StageTimes times_of_stages(const Work& work, const Training& training, const Layout& layout,
                           const LayerClock& clock) {
  const ModelConfig& model = work.model();
  const bool has_both = model.expert_layers() > 0 && model.expert_layers() < model.layers;
  const PassTime with_experts = model.experts > 0 ? clock.layer(true) : PassTime{};
  const PassTime without = model.experts == 0 || has_both ? clock.layer(false) : PassTime{};
  const PassTime output = clock.output();
  StageTimes times;
  for (std::int64_t stage = 0; stage < layout.pp; ++stage) {
    const StageLayers layers(model.layers, layout.pp, stage);
    const std::int64_t experts =
        work.expert_layers_before(layers.first + layers.count) - work.expert_layers_before(layers.first);
    StageTime time;
    add(time.sum, with_experts, as_double(experts));
    add(time.sum, without, as_double(layers.count - experts));
    const bool is_last = stage == layout.pp - 1;
    if (is_last && model.mtp_layers > 0)
      add(time.sum, model.experts > 0 ? with_experts : without, as_double(model.mtp_layers));
    const PassTime& layers_time = time.sum;
    // Messages of the forward pass are a half.
    if (training.recompute == Recompute::full)
      time.recompute = layers_time.forward() + layers_time.messages() / 2;
    if (training.recompute == Recompute::selective) time.recompute = layers_time.attention;
    if (is_last) add(time.sum, output, as_double(1 + model.mtp_layers));
    time.compute = time.sum.forward() + time.sum.backward() + time.recompute;
    time.total = time.compute + time.sum.messages();
    times.average += time.total / as_double(layout.pp);
    if (time.total > times.slowest.total) times.slowest = time;
  }
  return times;
}

/// Parameters that one rank of the largest stage holds: those that every data parallel rank has too, and
/// those of its experts.
struct StageParameters {
  double dense = 0;
  double experts = 0;
};

StageParameters most_parameters(const Work& work, const Layout& layout) {
  const ModelConfig& model = work.model();
  const StageLayers layers(model.layers, layout.pp, 0);
  const std::int64_t experts =
      work.expert_layers_before(layers.first + layers.count) - work.expert_layers_before(layers.first);
  const double tables = layout.pp == 1 && !model.tied ? 2 : 1;
  return {.dense = (as_double(experts) * work.dense_parameters(true) +
                    as_double(layers.count - experts) * work.dense_parameters(false) +
                    tables * as_double(model.vocabulary * model.hidden)) /
                   as_double(layout.tp),
          .experts = as_double(experts) * work.expert_parameters() / as_double(layout.ep * layout.etp)};
}

/// Seconds in which gradients are reduced and parameters gathered, as far as nothing hides them.
double data_time(const StageParameters& parameters, const Machine& machine, const Training& training,
                 const Layout& layout, const LayerClock& clock, const Constants& c, double microbatches,
                 double one_pass, double all_passes) {
  const GroupSpan group(layout.dp * layout.cp, layout.tp, machine.domain);
  const GroupSpan expert_group(layout.expert_dp(), layout.ep * layout.etp, machine.domain);
  if (training.zero >= 3) {
    // Every microbatch gathers the weights twice and reduces the gradients.
    const double seconds = microbatches * (clock.ring(group, 6 * parameters.dense) +
                                           clock.ring(expert_group, 6 * parameters.experts));
    return std::max(seconds * (1 - c.shards_hidden), seconds - 0.9 * all_passes);
  }
  const double bytes = training.zero == 0 ? 2.0 * training.gradient_bytes : training.gradient_bytes + 2.0;
  const double seconds =
      clock.ring(group, bytes * parameters.dense) + clock.ring(expert_group, bytes * parameters.experts);
  return std::max(seconds * (1 - c.data_hidden), seconds - one_pass);
}

}  // namespace

StepTime step_time(const Work& work, const Machine& machine, const Training& training, const Layout& layout,
                   const Constants& constants) {
  const LayerClock clock(work.model(), machine, training, layout, constants);
  const StageTimes stages = times_of_stages(work, training, layout, clock);
  const StageTime& slowest = stages.slowest;
  const double microbatches = as_double(training.global_batch) / as_double(training.micro_batch * layout.dp);
  StepTime time{.compute = microbatches * slowest.compute,
                .recompute = microbatches * slowest.recompute,
                .tensor = microbatches * slowest.sum.tensor,
                .context = microbatches * slowest.sum.context,
                .expert = microbatches * slowest.sum.expert,
                .pipeline = microbatches * clock.stage_messages()};
  // arXiv 2104.04473, section 2.2: the first microbatch passes all stages before the last one is busy.
  time.bubble = as_double(layout.pp - 1) / as_double(layout.vpp) * (stages.average + clock.stage_messages());
  const StageParameters parameters = most_parameters(work, layout);
  time.data = data_time(parameters, machine, training, layout, clock, constants, microbatches, slowest.total,
                        time.total());
  const double shards = training.zero == 0 ? 1 : as_double(layout.dp * layout.cp);
  const double expert_shards =
      training.zero == 0 ? 1 : as_double(std::max<std::int64_t>(1, layout.expert_dp()));
  time.optimizer = constants.optimizer_bytes *
                   (parameters.dense / shards + parameters.experts / expert_shards) / clock.memory_rate();
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
  const double capacity = machine.gpu.memory_gib * gib;
  const double total = result.memory.total();
  result.fits = total > capacity ? Fit::no : total > 0.95 * capacity ? Fit::tight : Fit::yes;
  result.time = step_time(work, machine, training, layout, constants);
  result.step_s = result.time.total();
  result.model_flops = work.step_flops(training.sequence_length) * as_double(training.global_batch) *
                       as_double(training.sequence_length);
  return result;
}

}  // namespace rankmesh::planner
