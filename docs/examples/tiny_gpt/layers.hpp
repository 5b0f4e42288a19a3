#pragma once

#include <functional>
#include <numbers>

#include "parameters.hpp"

namespace tiny_gpt {

/// The backward pass. In the forward pass, each layer adds a step that computes the gradient of the layer's
/// input from the gradient of its output, and adds to the gradients of its weights.
class Tape {
 public:
  using Step = std::function<Matrix(const Matrix& dy)>;
  void add(Step step) { steps_.push_back(std::move(step)); }
  [[nodiscard]] Matrix back(Matrix dy) const {
    std::for_each(steps_.rbegin(), steps_.rend(), [&](const Step& step) { dy = step(dy); });
    return dy;
  }

 private:
  std::vector<Step> steps_;
};

/// Simulated FP8 (E4M3: 4 bits of exponent, 3 of mantissa, at most 448) with delayed scaling: a tensor is
/// scaled so that the largest entry it had in the step before becomes 448, rounded, and scaled back.
/// Gradients ignore the rounding. In the first step there is no scale yet, and nothing is rounded.
struct Fp8 {
  /// The largest entry of this step in this rank's part of the tensor.
  double largest = 0;
  double scale = 0;

  /// @param largest_before the largest entry of the previous step, over the whole tensor and batch
  void begin_step(double largest_before) {
    scale = largest_before > 0 ? 448 / largest_before : 0;
    largest = 0;
  }
  [[nodiscard]] Matrix operator()(const Matrix& x) {
    largest = std::max(largest, x.cwiseAbs().maxCoeff());
    if (scale == 0) return x;
    return x.unaryExpr([this](double entry) {
      const double scaled = std::clamp(entry * scale, -448.0, 448.0);
      // The smallest exponent of a normal number is -6; the spacing of subnormal numbers is constant.
      const int exponent = scaled == 0 ? -6 : std::max(std::ilogb(scaled), -6);
      return std::ldexp(std::nearbyint(std::ldexp(scaled, 3 - exponent)), exponent - 3) / scale;
    });
  }
};

/// Query, key and value of the attention head whose output begins at a column.
[[nodiscard]] auto parts(auto& qkv, Index column, Index width) {
  const auto part = [&](Index i) { return qkv.middleCols(3 * column + i * width, width); };
  return std::tuple(part(0), part(1), part(2));
}

/// The layers of the model, computed with this rank's part of the weights.
class Layers {
 public:
  Layers(const ModelSize& size, Parameters& parameters, Groups& groups, bool is_fp8)
      : parameters_(parameters),
        tensor_(groups.at(GroupKind::tensor)),
        sequence_(groups.at(GroupKind::sequence)),
        width_(size.hidden / size.heads),
        is_fp8_(is_fp8) {
    for (const Parameter& p : parameters.list) {
      const std::size_t end = p.name.rfind(".weight");
      if (is_fp8 && end != std::string::npos) fp8[p.name.substr(0, end)];
    }
  }

  /// One layer of the model: attention and MLP, each after a norm and with a residual connection.
  [[nodiscard]] Matrix block(const std::string& name, const Matrix& x, Tape& tape) {
    const Matrix middle = residual(x, tape, [&](Tape& t) {
      const Matrix qkv = linear(name + ".qkv", Cut::columns, norm(name + ".norm1", x, t), t);
      return linear(name + ".output", Cut::rows, attention(qkv, t), t);
    });
    return residual(middle, tape, [&](Tape& t) {
      const Matrix up = linear(name + ".up", Cut::columns, norm(name + ".norm2", middle, t), t);
      return linear(name + ".down", Cut::rows, gelu(up, t), t);
    });
  }

  /// Normalises each row to mean 0 and variance 1, then scales and shifts it.
  [[nodiscard]] Matrix norm(const std::string& name, const Matrix& x, Tape& tape) {
    Tensor scale = parameters_[name + ".scale"], shift = parameters_[name + ".shift"];
    const Matrix centred = x.colwise() - Vector(x.rowwise().mean());
    const Vector inverse = (centred.array().square().rowwise().mean() + 1e-5).rsqrt();
    const Matrix normal = inverse.asDiagonal() * centred;
    tape.add([=](const Matrix& dy) mutable -> Matrix {
      scale.gradient += dy.cwiseProduct(normal).colwise().sum();
      shift.gradient += dy.colwise().sum();
      Matrix dx = dy * scale.value.asDiagonal();
      const Vector along = dx.cwiseProduct(normal).rowwise().mean();
      dx.colwise() -= Vector(dx.rowwise().mean());
      return inverse.asDiagonal() * (dx - along.asDiagonal() * normal);
    });
    return (normal * scale.value.asDiagonal()).rowwise() + shift.value.row(0);
  }

  /// y = x W + b, with W divided among the tensor group. Cut by columns, each rank computes some columns of y
  /// from the whole x. Cut by rows, each rank has some columns of x, and y is the sum over the ranks. A layer
  /// cut by columns followed by one cut by rows needs one all-reduce forward and one backward.
  [[nodiscard]] Matrix linear(const std::string& name, Cut cut, const Matrix& input, Tape& tape) {
    Tensor weight = parameters_[name + ".weight"], bias = parameters_[name + ".bias"];
    const Matrix x = is_fp8_ ? fp8[name](input) : input;
    tape.add([=, this](const Matrix& dy) mutable {
      weight.gradient += x.transpose() * dy;
      bias.gradient += dy.colwise().sum();
      Matrix dx = dy * weight.value.transpose();
      if (cut == Cut::columns) tensor_.sum(dx);
      return dx;
    });
    Matrix y = x * weight.value;
    if (cut == Cut::rows) tensor_.sum(y);
    return y.rowwise() + bias.value.row(0);  // after the sum: b is added once, not by each rank
  }

  /// Causal attention. The tensor group divides the heads. The sequence group divides the tokens outside of
  /// attention and the heads inside (Ulysses), with an all-to-all before and one after.
  /// @param x query, key and value of each head, for the tokens of this rank
  [[nodiscard]] Matrix attention(const Matrix& x, Tape& tape) {
    const Matrix qkv = split_heads(x);
    Matrix y(qkv.rows(), qkv.cols() / 3);
    std::vector<Matrix> probabilities;
    for (Index head = 0; head < y.cols(); head += width_) {
      const auto [query, key, value] = parts(qkv, head, width_);
      Matrix p = query * key.transpose() / std::sqrt(width_);
      p.triangularView<Eigen::StrictlyUpper>().setConstant(-INFINITY);  // no token sees later ones
      p = (p.colwise() - Vector(p.rowwise().maxCoeff())).array().exp();
      p.array().colwise() /= Vector(p.rowwise().sum()).array();
      y.middleCols(head, width_) = p * value;
      probabilities.push_back(std::move(p));
    }
    tape.add([=, this](const Matrix& dy) {
      const Matrix all_dy = split_heads(dy);
      Matrix gradient(qkv.rows(), qkv.cols());
      for (Index head = 0; head < all_dy.cols(); head += width_) {
        const Matrix& p = probabilities[static_cast<std::size_t>(head / width_)];
        const auto [query, key, value] = parts(qkv, head, width_);
        auto [dquery, dkey, dvalue] = parts(gradient, head, width_);
        const auto out = all_dy.middleCols(head, width_);
        const Matrix dp = out * value.transpose();
        const Vector along = dp.cwiseProduct(p).rowwise().sum();
        const Matrix dscore = p.cwiseProduct(dp.colwise() - along) / std::sqrt(width_);
        dquery = dscore * key;
        dkey = dscore.transpose() * query;
        dvalue = p.transpose() * out;
      }
      return split_tokens(gradient);
    });
    return split_tokens(y);
  }

  /// Adds the embeddings of tokens, and of their positions in the sequence, to x.
  [[nodiscard]] Matrix embed(const std::vector<int>& tokens, IndexRange at, const Matrix& x, Tape& tape) {
    Tensor words = parameters_["words"], places = parameters_["positions"];
    Matrix y = Matrix::Zero(x.rows(), x.cols());
    for_own(tokens, [&](Index i, Index row) { y.row(i) = words.value.row(row); });
    tensor_.sum(y);  // one rank has the row, the others add zeros
    tape.add([=, this](const Matrix& dy) mutable {
      for_own(tokens, [&](Index i, Index row) { words.gradient.row(row) += dy.row(i); });
      places.gradient.middleRows(at.first, at.count) += dy;
      return dy;
    });
    return x + y + places.value.middleRows(at.first, at.count);
  }

  /// The sum of the cross entropy over the tokens, times a factor. The logits are computed with the word
  /// embedding, which the tensor group divides, so no rank has all logits of a token.
  [[nodiscard]] double loss(const std::vector<int>& targets, double factor, const Matrix& x, Tape& tape) {
    Tensor words = parameters_["words"];
    Matrix logits = x * words.value.transpose();
    Vector largest = logits.rowwise().maxCoeff();
    tensor_.maximum(largest);
    logits.colwise() -= largest;
    Matrix sums = Matrix::Zero(x.rows(), 2);  // the sum of the exponentials, and the logit of the target
    sums.col(0) = logits.array().exp().rowwise().sum();
    for_own(targets, [&](Index i, Index row) { sums(i, 1) = logits(i, row); });
    tensor_.sum(sums);
    Matrix gradient = logits.array().exp().colwise() / sums.col(0).array();
    for_own(targets, [&](Index i, Index row) { gradient(i, row) -= 1; });
    tape.add([=, this](const Matrix&) mutable {
      words.gradient += factor * gradient.transpose() * x;
      Matrix dx = factor * gradient * words.value;
      tensor_.sum(dx);
      return dx;
    });
    return factor * (sums.col(0).array().log() - sums.col(1).array()).sum();
  }

  /// The scaling of each linear layer's input, by the name of the layer.
  std::map<std::string, Fp8> fp8;

 private:
  [[nodiscard]] static Matrix gelu(const Matrix& x, Tape& tape) {
    const auto cdf = [](double a) { return (1 + std::erf(a / std::numbers::sqrt2)) / 2; };
    const auto pdf = [](double a) { return std::exp(-a * a / 2) / std::sqrt(2 * std::numbers::pi); };
    const auto slope = [=](double a) { return cdf(a) + a * pdf(a); };
    tape.add([=](const Matrix& dy) -> Matrix { return dy.cwiseProduct(x.unaryExpr(slope)); });
    return x.unaryExpr([=](double a) { return a * cdf(a); });
  }
  /// x + layers(x).
  [[nodiscard]] static Matrix residual(const Matrix& x, Tape& tape, auto layers) {
    Tape branch;
    Matrix y = x + layers(branch);
    tape.add([branch](const Matrix& dy) -> Matrix { return dy + branch.back(dy); });
    return y;
  }
  /// Exchanges all heads of this rank's tokens for this rank's heads of all tokens.
  [[nodiscard]] Matrix split_heads(const Matrix& x) {
    const Index columns = x.cols() / sequence_.size();
    Matrix blocks(x.rows() * sequence_.size(), columns);
    for (Index i = 0; i < sequence_.size(); ++i) {
      blocks.middleRows(i * x.rows(), x.rows()) = x.middleCols(i * columns, columns);
    }
    return sequence_.exchange(blocks);
  }
  /// The inverse of split_heads.
  [[nodiscard]] Matrix split_tokens(const Matrix& x) {
    const Index rows = x.rows() / sequence_.size();
    const Matrix blocks = sequence_.exchange(x);
    Matrix result(rows, x.cols() * sequence_.size());
    for (Index i = 0; i < sequence_.size(); ++i) {
      result.middleCols(i * x.cols(), x.cols()) = blocks.middleRows(i * rows, rows);
    }
    return result;
  }
  /// Calls function(token, row) for the tokens whose row of the embedding is on this rank.
  void for_own(const std::vector<int>& tokens, auto function) const {
    const IndexRange own = tensor_.shard(ModelSize::vocabulary);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (own.contains(tokens[i])) function(static_cast<Index>(i), tokens[i] - own.first);
    }
  }

  Parameters& parameters_;
  Group &tensor_, &sequence_;
  Index width_;
  bool is_fp8_;
};

}  // namespace tiny_gpt
