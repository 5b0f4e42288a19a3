#pragma once

#include "adam.hpp"
#include "stage.hpp"

namespace tiny_gpt {

/// This rank's part of the batch of a step. The sequences of a step depend only on the number of the step,
/// and their number does not change with that of the replicas: some may have one sequence more than others.
inline std::vector<Microbatch> microbatches_of(const Options& options, const ParallelState& place,
                                               Group& data, std::int64_t step) {
  const std::int64_t first = options.batch * data.position() / data.size();
  const std::int64_t end = options.batch * (data.position() + 1) / data.size();
  const IndexRange positions = place.shard(GroupKind::sequence, options.size.length);
  std::vector<Microbatch> microbatches;
  for (auto sequence = first; sequence < end; ++sequence) {
    std::seed_seq seed{step, sequence};
    const auto starts = options.text.size() - static_cast<std::size_t>(options.size.length);
    const auto start = static_cast<Index>(std::mt19937_64(seed)() % starts);
    const auto tokens = options.text.begin() + start + positions.first;
    const auto behind = tokens + positions.count;
    microbatches.push_back({.tokens = {tokens, behind}, .targets = {tokens + 1, behind + 1}});
  }
  return microbatches;
}

/// The model and its optimizer on one layout.
class Training {
 public:
  /// At the first step, with the initial weights.
  Training(const Options& options, const ParallelState& place, Groups& groups)
      : options_(options),
        place_(place),
        groups_(groups),
        // Gradients are summed over the ranks with the same weights and other tokens: tokens of other
        // sequences, or of other parts of the same sequence.
        data_(
            groups.at(place.sequence_parallel_world_size() > 1 ? GroupKind::sequence_data : GroupKind::data)),
        parameters_(parameters_of(options.size, place),
                    options.config.distributed_optimizer ? data_.size() : 1),
        stage_(options.size, place, groups.at(GroupKind::pipeline),
               {options.size, parameters_, groups, options.config.fp8}, options.batch * options.size.length),
        adam_(options, parameters_, groups, data_) {}
  Training(const Training&) = delete;  // its members refer to each other
  Training& operator=(const Training&) = delete;

  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(adam_.state.steps); }

  /// Trains one step, and waits until all ranks have.
  /// @returns the loss
  /// @collective over the job
  double step() {
    Vector loss = Vector::Constant(
        1, stage_.run(microbatches_of(options_, place_, groups_.at(GroupKind::data), steps() + 1)));
    if (options_.config.fp8) stage_.update_fp8_scales(groups_.at(GroupKind::amax));
    adam_.step();
    groups_.at(GroupKind::pipeline).sum(data_.sum(loss));  // only the last stage has it
    groups_.world.barrier();
    return loss[0];
  }

  /// All numbers that this rank carries from step to step, the number of steps first. Ranks with the same
  /// weights have the same, unless the optimizer is distributed.
  [[nodiscard]] Vector state() {
    const auto& [steps, mean, square] = adam_.state;
    const Index weights = parameters_.values.size(), moments = mean.size(), layers = scales();
    Vector numbers(1 + weights + 2 * moments + layers);
    numbers << steps, parameters_.values, mean, square, Vector::Zero(layers);
    for (auto at = numbers.end() - layers; const auto& [name, fp8] : stage_.fp8()) *at++ = fp8.scale;
    return numbers;
  }
  void set_state(const Vector& numbers) {
    auto& [steps, mean, square] = adam_.state;
    const Index weights = parameters_.values.size(), moments = mean.size(), layers = scales();
    steps = numbers[0];
    parameters_.set(numbers.segment(1, weights));
    mean = numbers.segment(1 + weights, moments);
    square = numbers.segment(1 + weights + moments, moments);
    for (auto at = numbers.end() - layers; auto& [name, fp8] : stage_.fp8()) fp8.scale = *at++;
  }

  /// The same of the whole model, whatever the layout: what a single process has as its state.
  /// @collective over the job
  [[nodiscard]] Vector whole_state() {
    const bool is_first_copy = data_.position() == 0;
    const auto gathered = [&](const Vector& memory) {
      return gather(whole_, parameters_, memory, is_first_copy, groups_.world);
    };
    const std::map<std::string, Index> places = scale_places();
    Vector all_scales = Vector::Zero(static_cast<Index>(places.size()));
    for (const auto& [name, fp8] : stage_.fp8()) {
      if (is_first_copy && place_.tensor_parallel_rank() == 0) all_scales[places.at(name)] = fp8.scale;
    }
    const auto& [steps, mean, square] = adam_.state;
    Vector numbers(1 + 3 * whole_.back().end() + all_scales.size());
    numbers << steps, gathered(parameters_.values), gathered(adam_.of_all(mean)),
        gathered(adam_.of_all(square)), groups_.world.sum(all_scales);
    return numbers;
  }
  void set_whole_state(const Vector& numbers) {
    const Index weights = whole_.back().end();
    const auto part = [&](Index i) {
      return part_of(whole_, parameters_, numbers.segment(1 + i * weights, weights));
    };
    adam_.state = {.steps = numbers[0], .mean = adam_.own_part(part(1)), .square = adam_.own_part(part(2))};
    parameters_.set(part(0));
    const std::map<std::string, Index> places = scale_places();
    for (auto& [name, fp8] : stage_.fp8()) fp8.scale = numbers[1 + 3 * weights + places.at(name)];
  }
  [[nodiscard]] Index size_of_whole_state() const {
    return 1 + 3 * whole_.back().end() + static_cast<Index>(scale_places().size());
  }
  /// All weights of the model, and their places in the whole.
  [[nodiscard]] const std::vector<Parameter>& whole() const { return whole_; }

 private:
  [[nodiscard]] Index scales() { return static_cast<Index>(stage_.fp8().size()); }
  /// The places of all layers among the scales of the whole state.
  [[nodiscard]] std::map<std::string, Index> scale_places() const {
    std::map<std::string, Index> places;
    for (const Parameter& p : whole_) {
      const std::size_t end = p.name.rfind(".weight");
      if (options_.config.fp8 && end != std::string::npos) places[p.name.substr(0, end)] = 0;
    }
    for (Index next = 0; auto& [name, place] : places) place = next++;
    return places;
  }

  const Options& options_;
  ParallelState place_;
  Groups& groups_;
  Group& data_;
  Parameters parameters_;
  Stage stage_;
  Adam adam_;
  std::vector<Parameter> whole_ =
      parameters_of(options_.size, ParallelState(rankmesh::Topology({.world_size = 1}), 0));
};

}  // namespace tiny_gpt
