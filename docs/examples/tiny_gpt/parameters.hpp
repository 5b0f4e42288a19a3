#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "groups.hpp"

namespace tiny_gpt {

using rankmesh::IndexRange;
using rankmesh::ParallelState;

/// The size of the model. Tokens are bytes; `length` is that of a sequence.
struct ModelSize {
  static constexpr std::int64_t vocabulary = 256;
  std::int64_t layers = 4, hidden = 32, heads = 8, length = 32;
  /// The layer, counted from 1, before which the embeddings are added again, as in a decoder that has its own
  /// embeddings. They are always added before layer 1.
  std::int64_t split_layer = 1;
};

enum class Cut { none, rows, columns };  // which dimension of a weight the tensor group divides

/// One weight: the part that a rank holds, and its place in the rank's memory.
struct Parameter {
  std::string name;
  std::int64_t all_rows = 0, all_columns = 0;
  IndexRange rows, columns;
  Index offset = 0;
  /// Whether this rank adds the part to the gradient norm. Exactly one of the ranks of a model that hold a
  /// part does.
  bool is_counted = true;

  [[nodiscard]] Index end() const { return offset + rows.count * columns.count; }
  /// The rank's part of the whole weight. `in` is the same part in the rank's memory.
  [[nodiscard]] auto part_of(Eigen::Ref<Matrix> whole) const {
    return whole.block(rows.first, columns.first, rows.count, columns.count);
  }
  [[nodiscard]] Eigen::Map<Matrix> in(Vector& memory) const {
    return {memory.data() + offset, rows.count, columns.count};
  }
};

/// The weights that a rank holds. They follow from the layout.
inline std::vector<Parameter> parameters_of(const ModelSize& size, const ParallelState& place) {
  std::vector<Parameter> list;
  const auto add = [&](const std::string& name, std::int64_t rows, std::int64_t columns, Cut cut,
                       bool is_counted = true) {
    const auto part = [&](std::int64_t length, Cut along) {
      return cut == along ? place.shard(GroupKind::tensor, length) : IndexRange{0, length};
    };
    list.push_back({name, rows, columns, part(rows, Cut::rows), part(columns, Cut::columns),
                    list.empty() ? 0 : list.back().end(),
                    is_counted && (cut != Cut::none || place.tensor_parallel_rank() == 0)});
  };
  const auto add_norm = [&](const std::string& name) {
    add(name + ".scale", 1, size.hidden, Cut::none);
    add(name + ".shift", 1, size.hidden, Cut::none);
  };
  const auto add_linear = [&](const std::string& name, std::int64_t in, std::int64_t out, Cut cut) {
    add(name + ".weight", in, out, cut);
    add(name + ".bias", 1, out, cut == Cut::columns ? cut : Cut::none);
  };

  // Several stages hold the embeddings; the gradient norm counts those of the first stage.
  const bool is_first = place.is_pipeline_first_stage();
  if (place.is_rank_in_embedding_group()) add("words", size.vocabulary, size.hidden, Cut::rows, is_first);
  const bool has_positions = place.is_rank_in_position_embedding_group();
  if (has_positions) add("positions", size.length, size.hidden, Cut::none, is_first);
  const auto layers = place.pipeline_layers(size.layers);
  for (auto layer = layers.first; layer < layers.first + layers.count; ++layer) {
    const std::string name = "layer" + std::to_string(layer);
    add_norm(name + ".norm1");
    add_linear(name + ".qkv", size.hidden, 3 * size.hidden, Cut::columns);
    add_linear(name + ".output", size.hidden, size.hidden, Cut::rows);
    add_norm(name + ".norm2");
    add_linear(name + ".up", size.hidden, 4 * size.hidden, Cut::columns);
    add_linear(name + ".down", 4 * size.hidden, size.hidden, Cut::rows);
  }
  if (place.is_pipeline_last_stage()) add_norm("norm");
  return list;
}

/// This rank's part of a weight and of its gradient.
struct Tensor {
  Eigen::Map<Matrix> value, gradient;
};

/// The memory of the weights, in one piece, so that one call reduces all gradients.
struct Parameters {
  std::vector<Parameter> list;
  Vector values, gradients;
  /// 1 for entries that the gradient norm counts, 0 for the others.
  Vector counted;

  /// The initial values depend only on the name of the weight, so that all layouts start with the same model.
  /// @param parts the length of the memory is a multiple of this, for the distributed optimizer
  Parameters(std::vector<Parameter> weights, int parts) : list(std::move(weights)) {
    values.setZero((list.back().end() + parts - 1) / parts * parts);
    gradients = counted = values;
    for (const Parameter& p : list) {
      Matrix whole = Matrix::Constant(p.all_rows, p.all_columns, p.name.ends_with(".scale") ? 1 : 0);
      std::seed_seq seed(p.name.begin(), p.name.end());
      std::mt19937_64 random(seed);
      const auto draw = [&] { return 0.2 * (std::ldexp(static_cast<double>(random() >> 11), -52) - 1); };
      if (p.all_rows > 1) std::generate_n(whole.data(), whole.size(), draw);
      p.in(values) = p.part_of(whole);
      p.in(counted).setConstant(p.is_counted ? 1 : 0);
    }
  }
  Parameters(const Parameters&) = delete;  // tensors point into it
  Parameters& operator=(const Parameters&) = delete;

  /// In place, because tensors point there.
  void set(const Vector& new_values) { std::copy(new_values.begin(), new_values.end(), values.begin()); }
  [[nodiscard]] std::optional<Tensor> find(const std::string& name) {
    const auto p = std::find_if(list.begin(), list.end(), [&](const auto& of) { return of.name == name; });
    return p == list.end() ? std::nullopt : std::optional(Tensor{p->in(values), p->in(gradients)});
  }
  [[nodiscard]] Tensor operator[](const std::string& name) { return find(name).value(); }
};

/// One number for each weight of the whole model, for example the weights themselves, whatever the layout.
/// Each rank writes its parts at their places in a vector of zeros; the sum over the ranks is the model.
/// @param whole the weights of a job of one process
/// @param memory of this rank, as `Parameters::values`
/// @param is_first_copy true on one of the ranks that hold the same parts, and false on the others
/// @collective over the job
inline Vector gather(const std::vector<Parameter>& whole, const Parameters& own, Vector memory,
                     bool is_first_copy, Group& world) {
  Vector result = Vector::Zero(whole.back().end());
  for (const Parameter& weight : whole) {
    for (const Parameter& p : own.list) {
      if (p.name != weight.name || !p.is_counted || !is_first_copy) continue;
      p.part_of(weight.in(result)) = p.in(memory);
    }
  }
  return world.sum(result);
}

/// The opposite of `gather`: this rank's parts of the whole.
inline Vector part_of(const std::vector<Parameter>& whole, const Parameters& own, Vector numbers) {
  Vector memory = Vector::Zero(own.values.size());
  for (const Parameter& weight : whole) {
    for (const Parameter& p : own.list) {
      if (p.name == weight.name) p.in(memory) = p.part_of(weight.in(numbers));
    }
  }
  return memory;
}

}  // namespace tiny_gpt
