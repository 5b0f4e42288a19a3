#pragma once

#include <deque>

#include "layers.hpp"

namespace tiny_gpt {

/// One sequence, or this rank's part of it in a sequence group: its bytes, and the byte that follows each.
struct Microbatch {
  std::vector<int> tokens, targets;
};

/// The layers of one pipeline stage, with the embeddings and the loss on the stages that have them.
class Stage {
 public:
  /// @param tokens of a whole step on all ranks; the loss is their mean
  Stage(const ModelSize& size, const ParallelState& place, Group& pipeline, Layers layers,
        std::int64_t tokens)
      : size_(size),
        pipeline_(pipeline),
        layers_(std::move(layers)),
        own_(place.pipeline_layers(size.layers)),
        positions_(place.shard(GroupKind::sequence, size.length)),
        per_token_(1 / static_cast<double>(tokens)) {}

  /// Runs all microbatches of a step with the 1F1B schedule: a stage starts with one forward pass for each
  /// later stage, then alternates forward and backward. So it holds at most that many microbatches plus one.
  /// @returns the share of this rank's tokens in the loss; 0 before the last stage
  [[nodiscard]] double run(const std::vector<Microbatch>& microbatches) {
    double loss = 0;
    const auto stages_behind = static_cast<std::size_t>(pipeline_.size() - 1 - pipeline_.position());
    for (const Microbatch& microbatch : microbatches) {
      loss += forward(microbatch);
      if (in_flight_.size() > stages_behind) backward();
    }
    while (!in_flight_.empty()) backward();
    pipeline_.finish_sends();
    return loss;
  }

  /// Sets the scales of the next step from the largest entries on all ranks of the stage.
  void update_fp8_scales(Group& amax) {
    Vector largest(static_cast<Index>(layers_.fp8.size()));
    std::transform(layers_.fp8.begin(), layers_.fp8.end(), largest.begin(),
                   [](const auto& entry) { return entry.second.largest; });
    amax.maximum(largest);
    for (auto entry = largest.begin(); auto& [name, fp8] : layers_.fp8) fp8.begin_step(*entry++);
  }
  /// The scaling of each linear layer, by its name.
  [[nodiscard]] std::map<std::string, Fp8>& fp8() { return layers_.fp8; }

 private:
  /// Receives the activations of a microbatch from the previous stage and sends its own to the next. The
  /// backward pass sends the gradients in the opposite direction.
  [[nodiscard]] double forward(const Microbatch& microbatch) {
    Tape& tape = in_flight_.emplace_back();
    Matrix x = Matrix::Zero(positions_.count, size_.hidden);
    if (const auto previous = pipeline_.previous()) {
      pipeline_.receive(*previous, x);
      tape.add([this, previous](const Matrix& dx) {
        pipeline_.send(*previous, dx);
        return dx;
      });
    }
    for (auto layer = own_.first; layer < own_.first + own_.count; ++layer) {
      if (layer == 1 || layer == size_.split_layer) x = layers_.embed(microbatch.tokens, positions_, x, tape);
      x = layers_.block("layer" + std::to_string(layer), x, tape);
    }
    const auto next = pipeline_.next();
    if (!next) return layers_.loss(microbatch.targets, per_token_, layers_.norm("norm", x, tape), tape);
    pipeline_.send(*next, x);
    tape.add([this, next](const Matrix&) {
      Matrix dx(positions_.count, size_.hidden);
      pipeline_.receive(*next, dx);
      return dx;
    });
    return 0;
  }
  /// The backward pass of the oldest microbatch in flight.
  void backward() {
    static_cast<void>(in_flight_.front().back({}));
    in_flight_.pop_front();
  }

  ModelSize size_;
  Group& pipeline_;
  Layers layers_;
  rankmesh::LayerRange own_;
  IndexRange positions_;
  double per_token_;
  std::deque<Tape> in_flight_;  // one for each microbatch after its forward pass
};

}  // namespace tiny_gpt
