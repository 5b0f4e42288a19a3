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

/// The size of the model. Tokens are bytes.
struct ModelSize {
  static constexpr std::int64_t vocabulary = 256;
  std::int64_t layers = 4;
  std::int64_t hidden = 32;
  std::int64_t heads = 8;
  /// Tokens of a sequence.
  std::int64_t length = 32;
  /// The layer, counted from 1, in front of which the embeddings are added once more, as a decoder has its
  /// own. In front of layer 1 they are anyway.
  std::int64_t split_layer = 1;
};

/// One weight: which part of it a rank holds, and where in the rank's memory.
struct Parameter {
  std::string name;
  std::int64_t all_rows = 0, all_columns = 0;
  IndexRange rows, columns;
  Index offset = 0;
  /// Whether the gradient norm counts this part: of the ranks of a model that hold it too, only one does.
  bool is_counted = true;

  [[nodiscard]] Index size() const { return rows.count * columns.count; }
  [[nodiscard]] Index end() const { return offset + size(); }
  /// Calls a function with the place of each entry in the whole weight, and in the memory of the rank.
  template <typename Function>
  void for_each_entry(Function&& function) const {
    Index at = offset;
    for (auto row = rows.first; row < rows.end(); ++row) {
      for (auto column = columns.first; column < columns.end(); ++column) {
        function(row * all_columns + column, at++);
      }
    }
  }
};

/// The weights that a rank holds: a function of the layout, so that every rank knows it of every other.
inline std::vector<Parameter> parameters_of(const ModelSize& size, const ParallelState& place) {
  enum class Cut { none, rows, columns };  // what is shared out in the tensor group
  std::vector<Parameter> list;
  const auto part = [&](std::int64_t length, bool is_cut) {
    return is_cut ? place.shard(GroupKind::tensor, length) : IndexRange{.first = 0, .count = length};
  };
  const auto add = [&](const std::string& name, std::int64_t rows, std::int64_t columns, Cut cut,
                       bool is_counted = true) {
    list.push_back({.name = name,
                    .all_rows = rows,
                    .all_columns = columns,
                    .rows = part(rows, cut == Cut::rows),
                    .columns = part(columns, cut == Cut::columns),
                    .offset = list.empty() ? 0 : list.back().end(),
                    .is_counted = is_counted && (cut != Cut::none || place.tensor_parallel_rank() == 0)});
  };
  const auto add_norm = [&](const std::string& name) {
    add(name + ".scale", 1, size.hidden, Cut::none);
    add(name + ".shift", 1, size.hidden, Cut::none);
  };
  const auto add_linear = [&](const std::string& name, std::int64_t in, std::int64_t out, Cut cut) {
    add(name + ".weight", in, out, cut);
    add(name + ".bias", 1, out, cut == Cut::columns ? cut : Cut::none);
  };

  // Several stages share the embeddings; those of the first count.
  const bool is_first = place.is_pipeline_first_stage();
  if (place.is_rank_in_embedding_group()) add("words", size.vocabulary, size.hidden, Cut::rows, is_first);
  if (place.is_rank_in_position_embedding_group()) {
    add("positions", size.length, size.hidden, Cut::none, is_first);
  }
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

/// A weight and its gradient: the part that this rank holds.
struct Tensor {
  Eigen::Map<Matrix> value, gradient;
};

/// The memory of the weights, in one piece, so that one call reduces all gradients.
class Parameters {
 public:
  /// Begins each weight with random numbers that depend on its name alone: all layouts begin with one model.
  /// @param parts the length is a multiple of this, for the distributed optimizer
  Parameters(const std::vector<Parameter>& list, int parts) {
    values.setZero((list.back().end() + parts - 1) / parts * parts);
    gradients = counted = values;
    for (const Parameter& p : list) {
      const bool is_scale = p.name.ends_with(".scale");
      Vector whole = Vector::Constant(p.all_rows * p.all_columns, is_scale ? 1 : 0);
      std::seed_seq seed(p.name.begin(), p.name.end());
      std::mt19937_64 random(seed);
      const auto draw = [&] { return 0.2 * (std::ldexp(static_cast<double>(random() >> 11), -52) - 1); };
      if (p.all_rows > 1) std::generate(whole.begin(), whole.end(), draw);
      p.for_each_entry([&](Index index, Index at) { values[at] = whole[index]; });
      counted.segment(p.offset, p.size()).setConstant(p.is_counted ? 1 : 0);
      by_name_.emplace(p.name, p);
    }
  }
  Parameters(const Parameters&) = delete;  // tensors point into it
  Parameters& operator=(const Parameters&) = delete;

  [[nodiscard]] bool has(const std::string& name) const { return by_name_.contains(name); }
  [[nodiscard]] Tensor operator[](const std::string& name) {
    const Parameter& p = by_name_.at(name);
    return {.value = {values.data() + p.offset, p.rows.count, p.columns.count},
            .gradient = {gradients.data() + p.offset, p.rows.count, p.columns.count}};
  }

  Vector values, gradients;
  /// 1 for what the gradient norm counts, 0 for the rest.
  Vector counted;

 private:
  std::map<std::string, Parameter> by_name_;
};

/// Gathers all weights on rank 0, each whole: what a checkpoint needs, whatever the layout. Nothing
/// elsewhere.
/// @collective over the job
inline std::map<std::string, Vector> gather(const ModelSize& size, const rankmesh::mpi::Communicators& made,
                                            Vector values) {
  std::map<std::string, Vector> weights;
  const auto count = static_cast<int>(values.size());
  if (made.rank() != 0) MPI_Send(values.data(), count, MPI_DOUBLE, 0, 0, made.world());
  for (int rank = 0; made.rank() == 0 && rank < made.topology().world_size(); ++rank) {
    const std::vector<Parameter> list = parameters_of(size, ParallelState(made.topology(), rank));
    if (rank != 0) {
      values.resize(list.back().end() + made.topology().world_size());  // with what makes it a multiple
      MPI_Recv(values.data(), static_cast<int>(values.size()), MPI_DOUBLE, rank, 0, made.world(),
               MPI_STATUS_IGNORE);
    }
    for (const Parameter& parameter : list) {
      Vector& whole = weights[parameter.name];
      whole.resize(parameter.all_rows * parameter.all_columns);
      parameter.for_each_entry([&](Index index, Index at) { whole[index] = values[at]; });
    }
  }
  return weights;
}

}  // namespace tiny_gpt
