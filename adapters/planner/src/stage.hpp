#pragma once

#include "rankmesh/planner/estimate.hpp"

namespace rankmesh::planner {

/// What a pipeline stage has.
struct Stage {
  Stage(const Work& work, const Layout& layout, std::int64_t number);

  /// The numbers of layers with experts and of layers with an MLP. Layers that predict further tokens count.
  double with_experts = 0;
  double without = 0;
  /// Layers among them that predict further tokens.
  double mtp = 0;
  bool is_first = false;
  bool is_last = false;
  /// Parameters of a rank but for those of routed experts: layers, embeddings and output matrix.
  double dense = 0;
  /// Parameters of the routed experts of a rank.
  double experts = 0;
  /// Parameters of the embedding that another stage holds a copy of; 0 if none does.
  double shared_embedding = 0;

  [[nodiscard]] double layers() const { return with_experts + without; }
};

/// The microbatches of a replica in a step.
[[nodiscard]] double microbatches_of(const Training& training, const Layout& layout);

}  // namespace rankmesh::planner
