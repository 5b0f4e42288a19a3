#pragma once

#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/parallel_state.hpp"
#include "rankmesh/topology/group_kind.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// Access to the communicators of an adapter by the names of the reference, a `parallel_state` module.
/// @tparam Communicators the class that inherits from this; it has `at(GroupKind)`, `topology()` and `rank()`
template <typename Communicators>
class ReferenceNames {
 public:
  /// The communicator of the model kind.
  [[nodiscard]] auto model_parallel() const { return self().at(GroupKind::model); }
  /// The communicator of the tensor kind.
  [[nodiscard]] auto tensor_parallel() const { return self().at(GroupKind::tensor); }
  /// The communicator of the pipeline kind.
  [[nodiscard]] auto pipeline_parallel() const { return self().at(GroupKind::pipeline); }
  /// The communicator of the sequence kind.
  [[nodiscard]] auto sequence_parallel() const { return self().at(GroupKind::sequence); }
  /// The communicator of the sequence_data kind.
  [[nodiscard]] auto sequence_data_parallel() const { return self().at(GroupKind::sequence_data); }
  /// The sequence_data group, as in the reference; the kind `data` alone is `at(GroupKind::data)`.
  [[nodiscard]] auto data_parallel() const { return sequence_data_parallel(); }

  /// The state of the reference for this rank, in training mode: sizes, positions and stages by name. It does
  /// not depend on the communicators and may outlive them.
  [[nodiscard]] ParallelState state() const { return {self().topology(), self().rank()}; }

 private:
  // Private, so that only `Communicators` can inherit from its own base.
  friend Communicators;
  ReferenceNames() = default;

  [[nodiscard]] const Communicators& self() const noexcept {
    return static_cast<const Communicators&>(*this);
  }
};

}  // namespace rankmesh
