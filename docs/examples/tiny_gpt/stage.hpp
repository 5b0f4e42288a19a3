#pragma once

#include <deque>

#include "layers.hpp"

namespace tiny_gpt {

/// One sequence, or the part of it that a rank of a sequence group has: bytes, and the bytes behind each.
struct Microbatch {
  std::vector<int> tokens, targets;
};

/// The layers of one pipeline stage, with the embeddings and the loss where they belong.
class Stage {
 public:
  /// @param tokens of a whole step, on all ranks: the loss is a mean over them
  Stage(const ModelSize& size, const ParallelState& place, const Context& context, std::int64_t tokens)
      : pipeline_(context.groups.at(GroupKind::pipeline)),
        stages_behind_(static_cast<std::size_t>(place.pipeline_parallel_world_size() - 1 -
                                                place.pipeline_parallel_rank())),
        positions_(place.shard(GroupKind::sequence, size.length)),
        tokens_(static_cast<double>(tokens)),
        is_last_(place.is_pipeline_last_stage()),
        hidden_(size.hidden) {
    const auto layers = place.pipeline_layers(size.layers);
    for (auto layer = layers.first; layer < layers.first + layers.count; ++layer) {
      blocks_.emplace_back(context, "layer" + std::to_string(layer), size.hidden / size.heads);
      embeds_.push_back(layer == 1 || layer == size.split_layer);
    }
    if (context.parameters.has("words")) vocabulary_.emplace(context);
    if (context.parameters.has("positions")) position_embedding_.emplace(context.parameters["positions"]);
    if (is_last_) norm_.emplace(context, "norm");
  }

  /// Receives what the stage before made of a microbatch, and sends what this one makes of that.
  void forward(const Microbatch& microbatch) {
    Saved& saved =
        in_flight_.emplace_back(Saved{.microbatch = &microbatch, .blocks = {}, .norm = {}, .loss = {}});
    Matrix x = Matrix::Zero(positions_.count, hidden_);
    if (const auto previous = pipeline_.previous()) pipeline_.receive(*previous, x);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (embeds_[i]) {
        x += vocabulary_->embed(microbatch.tokens);
        x += position_embedding_->value.middleRows(positions_.first, positions_.count);
      }
      x = blocks_[i].forward(x, saved.blocks.emplace_back());
    }
    if (is_last_) {
      loss_ += vocabulary_->loss(norm_->forward(x, saved.norm), microbatch.targets, saved.loss);
    } else if (const auto next = pipeline_.next()) {
      pipeline_.send(*next, std::move(x));
    }
  }

  /// The same for the gradient, from the last stage to the first, of the oldest microbatch on its way.
  void backward() {
    const Saved& saved = in_flight_.front();
    Matrix dx(positions_.count, hidden_);
    if (is_last_) {
      dx = norm_->backward(vocabulary_->loss_backward(1 / tokens_, saved.loss), saved.norm);
    } else if (const auto next = pipeline_.next()) {
      pipeline_.receive(*next, dx);
    }
    for (std::size_t i = blocks_.size(); i-- > 0;) {
      dx = blocks_[i].backward(dx, saved.blocks[i]);
      if (embeds_[i]) {
        vocabulary_->embed_backward(saved.microbatch->tokens, dx);
        position_embedding_->gradient.middleRows(positions_.first, positions_.count) += dx;
      }
    }
    in_flight_.pop_front();
    if (const auto previous = pipeline_.previous()) pipeline_.send(*previous, std::move(dx));
  }

  /// Forward and backward for all microbatches of a step, one forward, one backward: a stage begins with as
  /// many forwards as there are stages behind it, and never holds more than one microbatch beyond that.
  void run(const std::vector<Microbatch>& microbatches) {
    const std::size_t ahead = std::min(microbatches.size(), stages_behind_);
    for (std::size_t i = 0; i < ahead; ++i) forward(microbatches[i]);
    for (std::size_t i = ahead; i < microbatches.size(); ++i) {
      forward(microbatches[i]);
      backward();
    }
    while (!in_flight_.empty()) backward();
    pipeline_.finish_sends();
  }

  /// The loss of this rank's tokens since the last call; 0 before the last stage.
  [[nodiscard]] double take_loss() { return std::exchange(loss_, 0) / tokens_; }

  /// Sets the scales of the next step from the largest entries that any rank of the stage has seen.
  void update_fp8_scales(Group& amax) {
    Vector largest(4 * static_cast<Index>(blocks_.size()));
    const auto for_each_fp8 = [&](auto&& function) {
      Index i = 0;
      for (Block& b : blocks_) {
        for (Linear* linear : {&b.qkv, &b.output, &b.up, &b.down}) function(linear->fp8, largest[i++]);
      }
    };
    for_each_fp8([](const Fp8& fp8, double& entry) { entry = fp8.largest(); });
    amax.maximum(largest);
    for_each_fp8([](Fp8& fp8, double entry) { fp8.begin_step(entry); });
  }

 private:
  struct Saved {
    const Microbatch* microbatch;
    std::deque<Block::Saved> blocks;
    LayerNorm::Saved norm;
    Vocabulary::Saved loss;
  };

  Group& pipeline_;
  std::size_t stages_behind_;
  IndexRange positions_;
  double tokens_;
  bool is_last_;
  Index hidden_;
  std::vector<Block> blocks_;
  /// Whether the embeddings are added in front of a block.
  std::vector<bool> embeds_;
  std::optional<Vocabulary> vocabulary_;
  std::optional<Tensor> position_embedding_;
  std::optional<LayerNorm> norm_;
  std::deque<Saved> in_flight_;
  double loss_ = 0;
};

}  // namespace tiny_gpt
