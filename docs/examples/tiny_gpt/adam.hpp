#pragma once

#include "options.hpp"

namespace tiny_gpt {

/// The Adam optimizer: computes the next weights from the gradients of all microbatches.
class Adam {
 public:
  /// What it carries from step to step.
  struct State {
    double steps = 0;
    /// Mean and mean square of the gradient: of all weights of the rank, or of its part of them with a
    /// distributed optimizer.
    Vector mean, square;
  };

  /// @param data the ranks that hold the same weights and process other tokens
  Adam(const Options& options, Parameters& parameters, Groups& groups, Group& data)
      : options_(options),
        is_distributed_(options.config.distributed_optimizer),
        parameters_(parameters),
        groups_(groups),
        data_(data),
        counted_(own_part(parameters.counted)) {
    state.mean = state.square = Vector::Zero(counted_.size());
  }

  void step() {
    // Several stages hold the embeddings, and each has a part of the gradient.
    if (auto words = parameters_.find("words")) groups_.at(GroupKind::embedding).sum(words->gradient);
    if (auto positions = parameters_.find("positions")) {
      groups_.at(GroupKind::position_embedding).sum(positions->gradient);
    }
    Vector gradient =
        is_distributed_ ? data_.sum_and_scatter(parameters_.gradients) : data_.sum(parameters_.gradients);
    if (options_.clip > 0) gradient *= std::min(1.0, options_.clip / (norm(gradient) + 1e-6));

    auto& [steps, mean, square] = state;
    ++steps;
    mean = 0.9 * mean + 0.1 * gradient;
    square = 0.95 * square + 0.05 * gradient.cwiseAbs2();
    const Vector deviation = (square / (1 - std::pow(0.95, steps))).cwiseSqrt();
    Vector values = own_part(parameters_.values);
    values.array() -=
        options_.learning_rate / (1 - std::pow(0.9, steps)) * mean.array() / (deviation.array() + 1e-8);
    parameters_.set(of_all(values));
    parameters_.gradients.setZero();
  }

  /// Of numbers for all weights of the rank, those that it keeps; and back.
  /// @collective over the data group, with a distributed optimizer
  [[nodiscard]] Vector of_all(const Vector& own) { return is_distributed_ ? data_.gather(own) : own; }
  [[nodiscard]] Vector own_part(const Vector& all) const {
    if (!is_distributed_) return all;
    const IndexRange own = data_.shard(all.size());
    return all.segment(own.first, own.count);
  }

  State state;

 private:
  /// The norm of the gradient of the whole model, with each weight counted once.
  [[nodiscard]] double norm(const Vector& gradient) {
    Vector square = Vector::Constant(1, counted_.dot(gradient.cwiseAbs2()));
    if (is_distributed_) data_.sum(square);
    groups_.at(GroupKind::model).sum(square);
    return std::sqrt(square[0]);
  }

  const Options& options_;
  bool is_distributed_;
  Parameters& parameters_;
  Groups& groups_;
  Group& data_;
  Vector counted_;
};

}  // namespace tiny_gpt
