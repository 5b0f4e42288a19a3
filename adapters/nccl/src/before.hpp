#pragma once

#include <span>

#include "rankmesh/nccl/communicators.hpp"

namespace rankmesh::nccl {

/// The communicators of a generation, for the bring-up of the next: it keeps or shrinks what still serves,
/// and aborts the others.
struct Communicators::Before {
  Communicators& communicators;
  /// The processes by rank, of these and of the next.
  std::span<const int> process_of_rank;
  std::span<const int> next_process_of_rank;
};

}  // namespace rankmesh::nccl
