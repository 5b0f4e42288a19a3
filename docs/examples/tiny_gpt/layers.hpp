#pragma once

#include <numbers>

#include "parameters.hpp"

namespace tiny_gpt {

/// Simulated FP8 (E4M3: 4 bits of exponent, 3 of mantissa, at most 448) with delayed scaling: a tensor is
/// scaled so that the largest entry it had in the step before becomes 448, rounded, and scaled back.
/// Gradients pass as if nothing was rounded. In the first step, nothing is.
class Fp8 {
 public:
  [[nodiscard]] Matrix operator()(const Matrix& x) {
    largest_ = std::max(largest_, x.cwiseAbs().maxCoeff());
    if (scale_ == 0) return x;
    return x.unaryExpr([this](double entry) {
      const double scaled = std::clamp(entry * scale_, -448.0, 448.0);
      // The smallest exponent of a normal number is -6; below, the steps get no finer.
      const int exponent = scaled == 0 ? -6 : std::max(std::ilogb(scaled), -6);
      return std::ldexp(std::nearbyint(std::ldexp(scaled, 3 - exponent)), exponent - 3) / scale_;
    });
  }
  /// The largest entry of this step, in what this rank has of the tensor.
  [[nodiscard]] double largest() const { return largest_; }
  /// What it is in the whole tensor and batch: the scale of the next step.
  void begin_step(double largest) {
    scale_ = largest > 0 ? 448 / largest : 0;
    largest_ = 0;
  }

 private:
  double largest_ = 0;
  double scale_ = 0;
};

/// What all layers are made from.
struct Context {
  Parameters& parameters;
  Groups& groups;
  bool fp8 = false;
};

/// Each row is brought to mean 0 and variance 1, then scaled and shifted.
class LayerNorm {
 public:
  struct Saved {
    Matrix normal;
    Vector inverse_deviation;
  };
  LayerNorm(const Context& context, const std::string& name)
      : scale_(context.parameters[name + ".scale"]),
        shift_(context.parameters[name + ".shift"]) {}

  [[nodiscard]] Matrix forward(const Matrix& x, Saved& saved) const {
    saved.normal = x.colwise() - Vector(x.rowwise().mean());
    const Vector variance = saved.normal.rowwise().squaredNorm() / static_cast<double>(x.cols());
    saved.inverse_deviation = (variance.array() + 1e-5).rsqrt();
    saved.normal.array().colwise() *= saved.inverse_deviation.array();
    return (saved.normal * scale_.value.asDiagonal()).rowwise() + shift_.value.row(0);
  }
  [[nodiscard]] Matrix backward(const Matrix& dy, const Saved& saved) {
    scale_.gradient += dy.cwiseProduct(saved.normal).colwise().sum();
    shift_.gradient += dy.colwise().sum();
    Matrix dx = dy * scale_.value.asDiagonal();
    const Vector along = dx.cwiseProduct(saved.normal).rowwise().mean();
    dx.colwise() -= Vector(dx.rowwise().mean());
    return saved.inverse_deviation.asDiagonal() * (dx - along.asDiagonal() * saved.normal);
  }

 private:
  Tensor scale_, shift_;
};

/// y = x W + b, with W shared out in the tensor group. By columns: each rank makes some columns of y from all
/// of x. By rows: each has some columns of x, and y is a sum. A layer of the one sort behind one of the other
/// needs one all-reduce forward and one backward.
class Linear {
 public:
  enum class Split { columns, rows };
  Linear(const Context& context, const std::string& name, Split split)
      : weight_(context.parameters[name + ".weight"]),
        bias_(context.parameters[name + ".bias"]),
        tensor_(context.groups.at(GroupKind::tensor)),
        split_(split),
        is_fp8_(context.fp8) {}

  /// @param saved what `backward` needs: x as it was multiplied
  [[nodiscard]] Matrix forward(const Matrix& x, Matrix& saved) {
    saved = is_fp8_ ? fp8(x) : x;
    Matrix y = saved * weight_.value;
    if (split_ == Split::rows) tensor_.sum(y);
    return y.rowwise() + bias_.value.row(0);  // behind the sum: b is added once, not by each rank
  }
  [[nodiscard]] Matrix backward(const Matrix& dy, const Matrix& saved) {
    weight_.gradient += saved.transpose() * dy;
    bias_.gradient += dy.colwise().sum();
    Matrix dx = dy * weight_.value.transpose();
    if (split_ == Split::columns) tensor_.sum(dx);
    return dx;
  }

  Fp8 fp8;

 private:
  Tensor weight_, bias_;
  Group& tensor_;
  Split split_;
  bool is_fp8_;
};

/// Causal attention. The heads are shared out in the tensor group. In the sequence group, the tokens are
/// outside of attention and the heads inside (Ulysses): an all-to-all on the way in, and one on the way out.
class Attention {
 public:
  struct Saved {
    Matrix qkv;
    std::vector<Matrix> probabilities;
  };
  Attention(Group& sequence, std::int64_t head_width) : sequence_(sequence), width_(head_width) {}

  // Query, key and value of the head whose output begins at a column.
  template <typename Any>
  [[nodiscard]] auto parts(Any& qkv, Index column) const {
    const auto part = [&](Index i) { return qkv.middleCols(3 * column + i * width_, width_); };
    return std::tuple(part(0), part(1), part(2));
  }
  /// @param qkv for the tokens of this rank: of each head the query, the key and the value
  [[nodiscard]] Matrix forward(const Matrix& qkv, Saved& saved) {
    const Matrix& all = saved.qkv = split_heads(qkv);
    Matrix y(all.rows(), all.cols() / 3);
    saved.probabilities.clear();
    for (Index head = 0; head < y.cols(); head += width_) {
      const auto [query, key, value] = parts(all, head);
      Matrix p = query * key.transpose() / std::sqrt(width_);
      for (Index i = 0; i < p.rows(); ++i) {
        auto seen = p.row(i).head(i + 1).array();
        seen = (seen - seen.maxCoeff()).exp().eval();
        seen /= seen.sum();
        p.row(i).tail(p.cols() - i - 1).setZero();  // no token sees those behind it
      }
      y.middleCols(head, width_) = p * value;
      saved.probabilities.push_back(std::move(p));
    }
    return split_tokens(y);
  }
  [[nodiscard]] Matrix backward(const Matrix& dy, const Saved& saved) {
    const Matrix all_dy = split_heads(dy);
    Matrix gradient(saved.qkv.rows(), saved.qkv.cols());
    for (Index head = 0; head < all_dy.cols(); head += width_) {
      const Matrix& p = saved.probabilities[static_cast<std::size_t>(head / width_)];
      const auto [query, key, value] = parts(saved.qkv, head);
      auto [dquery, dkey, dvalue] = parts(gradient, head);
      const auto out = all_dy.middleCols(head, width_);
      const Matrix dp = out * value.transpose();
      const Vector along = dp.cwiseProduct(p).rowwise().sum();
      const Matrix dscore = p.cwiseProduct(dp.colwise() - along) / std::sqrt(width_);
      dquery = dscore * key;
      dkey = dscore.transpose() * query;
      dvalue = p.transpose() * out;
    }
    return split_tokens(gradient);
  }

 private:
  /// From all heads of some tokens to some heads of all tokens.
  [[nodiscard]] Matrix split_heads(const Matrix& x) {
    const Index columns = x.cols() / sequence_.size();
    Matrix blocks(x.rows() * sequence_.size(), columns);
    for (Index i = 0; i < sequence_.size(); ++i) {
      blocks.middleRows(i * x.rows(), x.rows()) = x.middleCols(i * columns, columns);
    }
    return sequence_.exchange(blocks);
  }
  /// And back.
  [[nodiscard]] Matrix split_tokens(const Matrix& x) {
    const Index rows = x.rows() / sequence_.size();
    const Matrix blocks = sequence_.exchange(x);
    Matrix result(rows, x.cols() * sequence_.size());
    for (Index i = 0; i < sequence_.size(); ++i) {
      result.middleCols(i * x.cols(), x.cols()) = blocks.middleRows(i * rows, rows);
    }
    return result;
  }

  Group& sequence_;
  Index width_;
};

/// One layer: attention and MLP, each behind a norm and beside a residual connection.
struct Block {
  struct Saved {
    LayerNorm::Saved norm1, norm2;
    Attention::Saved attention;
    Matrix qkv, output, up, before_gelu, down;
  };
  Block(const Context& context, const std::string& name, std::int64_t head_width)
      : norm1(context, name + ".norm1"),
        qkv(context, name + ".qkv", Linear::Split::columns),
        attention(context.groups.at(GroupKind::sequence), head_width),
        output(context, name + ".output", Linear::Split::rows),
        norm2(context, name + ".norm2"),
        up(context, name + ".up", Linear::Split::columns),
        down(context, name + ".down", Linear::Split::rows) {}

  [[nodiscard]] Matrix forward(const Matrix& x, Saved& s) {
    const Matrix heads = attention.forward(qkv.forward(norm1.forward(x, s.norm1), s.qkv), s.attention);
    const Matrix middle = x + output.forward(heads, s.output);
    s.before_gelu = up.forward(norm2.forward(middle, s.norm2), s.up);
    const Matrix gelu = s.before_gelu.unaryExpr([](double a) { return a * normal_cdf(a); });
    return middle + down.forward(gelu, s.down);
  }
  [[nodiscard]] Matrix backward(const Matrix& dy, const Saved& s) {
    const Matrix slope = s.before_gelu.unaryExpr([](double a) {
      return normal_cdf(a) + a * std::exp(-a * a / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    });
    const Matrix dgelu = down.backward(dy, s.down).cwiseProduct(slope);
    const Matrix dmiddle = dy + norm2.backward(up.backward(dgelu, s.up), s.norm2);
    const Matrix dheads = output.backward(dmiddle, s.output);
    return dmiddle + norm1.backward(qkv.backward(attention.backward(dheads, s.attention), s.qkv), s.norm1);
  }
  [[nodiscard]] static double normal_cdf(double a) { return (1 + std::erf(a / std::numbers::sqrt2)) / 2; }

  LayerNorm norm1;
  Linear qkv;
  Attention attention;
  Linear output;
  LayerNorm norm2;
  Linear up, down;
};

/// The embedding of the bytes, which also makes the logits. Each rank of the tensor group holds some rows of
/// it: the embeddings of some bytes, and their logits.
class Vocabulary {
 public:
  struct Saved {
    Matrix x, logit_gradient;
  };
  Vocabulary(const Context& context)
      : words_(context.parameters["words"]),
        tensor_(context.groups.at(GroupKind::tensor)),
        own_{.first = tensor_.position() * words_.value.rows(), .count = words_.value.rows()} {}

  [[nodiscard]] Matrix embed(const std::vector<int>& tokens) {
    Matrix y = Matrix::Zero(static_cast<Index>(tokens.size()), words_.value.cols());
    for_own(tokens, [&](Index i, Index word) { y.row(i) = words_.value.row(word); });
    tensor_.sum(y);  // one rank has the row, the others zeros
    return y;
  }
  void embed_backward(const std::vector<int>& tokens, const Matrix& dy) {
    for_own(tokens, [&](Index i, Index word) { words_.gradient.row(word) += dy.row(i); });
  }
  /// The sum over the tokens of the cross entropy. No rank ever has all logits of a token.
  [[nodiscard]] double loss(const Matrix& x, const std::vector<int>& targets, Saved& saved) {
    saved.x = x;
    Matrix logits = x * words_.value.transpose();
    Vector largest = logits.rowwise().maxCoeff();
    tensor_.maximum(largest);
    logits.colwise() -= largest;
    Matrix sums = Matrix::Zero(x.rows(), 2);  // of the exponentials, and the logit of the target
    sums.col(0) = logits.array().exp().rowwise().sum();
    for_own(targets, [&](Index i, Index word) { sums(i, 1) = logits(i, word); });
    tensor_.sum(sums);
    saved.logit_gradient = logits.array().exp().colwise() / sums.col(0).array();
    for_own(targets, [&](Index i, Index word) { saved.logit_gradient(i, word) -= 1; });
    return (sums.col(0).array().log() - sums.col(1).array()).sum();
  }
  /// @param factor of the loss in what is differentiated
  [[nodiscard]] Matrix loss_backward(double factor, const Saved& saved) {
    words_.gradient += factor * saved.logit_gradient.transpose() * saved.x;
    Matrix dx = factor * saved.logit_gradient * words_.value;
    tensor_.sum(dx);
    return dx;
  }

 private:
  /// Calls a function for the tokens that this rank has, with the row in its part of the vocabulary.
  template <typename Function>
  void for_own(const std::vector<int>& tokens, Function&& function) const {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (own_.contains(tokens[i])) function(static_cast<Index>(i), tokens[i] - own_.first);
    }
  }

  Tensor words_;
  Group& tensor_;
  IndexRange own_;
};

}  // namespace tiny_gpt
