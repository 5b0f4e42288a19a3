#pragma once

#include "parameters.hpp"

namespace tiny_gpt {

struct AdamOptions {
  double learning_rate = 0.003;
  /// The largest norm of the gradient of the whole model; 0 for any.
  double clip = 0;
  /// Whether each rank of a data group keeps a part of the optimizer's state only.
  bool is_distributed = false;
};

/// Adam, from the gradients of this rank's microbatches to the next weights.
class Adam {
 public:
  /// @param data the ranks with the same weights and other tokens
  Adam(const AdamOptions& options, Parameters& parameters, Groups& groups, Group& data)
      : options_(options),
        parameters_(parameters),
        groups_(groups),
        data_(data) {
    counted_ = own_part(parameters.counted);
    mean_.setZero(counted_.size());
    square_.setZero(counted_.size());
  }

  void step() {
    // What several stages hold: each has a part of the gradient.
    if (parameters_.has("words")) groups_.at(GroupKind::embedding).sum(parameters_["words"].gradient);
    if (parameters_.has("positions"))
      groups_.at(GroupKind::position_embedding).sum(parameters_["positions"].gradient);
    if (!options_.is_distributed) data_.sum(parameters_.gradients);
    Vector gradient =
        options_.is_distributed ? data_.sum_and_scatter(parameters_.gradients) : parameters_.gradients;
    if (options_.clip > 0) gradient *= std::min(1.0, options_.clip / (norm(gradient) + 1e-6));

    ++steps_;
    mean_ = 0.9 * mean_ + 0.1 * gradient;
    square_ = 0.95 * square_ + 0.05 * gradient.cwiseAbs2();
    const Vector deviation = (square_ / (1 - std::pow(0.95, steps_))).cwiseSqrt();
    Vector values = own_part(parameters_.values);
    values.array() -=
        options_.learning_rate / (1 - std::pow(0.9, steps_)) * mean_.array() / (deviation.array() + 1e-8);
    if (options_.is_distributed) values = data_.gather(values);
    std::copy(values.begin(), values.end(), parameters_.values.begin());  // where the tensors point to
    parameters_.gradients.setZero();
  }

 private:
  [[nodiscard]] Vector own_part(const Vector& all) const {
    if (!options_.is_distributed) return all;
    const auto own = rankmesh::shard({.length = all.size(), .parts = data_.size(), .part = data_.position()});
    return all.segment(own.first, own.count);
  }
  /// The norm of the whole model's gradient: each weight once.
  [[nodiscard]] double norm(const Vector& gradient) {
    Vector square = Vector::Constant(1, counted_.dot(gradient.cwiseAbs2()));
    if (options_.is_distributed) data_.sum(square);
    groups_.at(GroupKind::model).sum(square);
    return std::sqrt(square[0]);
  }

  AdamOptions options_;
  Parameters& parameters_;
  Groups& groups_;
  Group& data_;
  Vector counted_, mean_, square_;
  double steps_ = 0;
};

}  // namespace tiny_gpt
