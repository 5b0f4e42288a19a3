#pragma once

#include <list>
#include <span>
#include <string>

#include "communicator_maker.hpp"
#include "rankmesh/nccl/communicators.hpp"

namespace rankmesh::nccl {

/// The communicators of a generation, for the bring-up of the next.
struct Communicators::Before {
  /// Takes the communicators that may go on in the next generation, and aborts the others.
  /// @param next the plan of the next generation
  /// @param rank of this process in it
  /// @param shrinks whether communicators may go on with fewer members
  /// @param names receives the strings that NCCL keeps pointers to
  [[nodiscard]] OlderCommunicators take(const CommunicatorPlan& next, int rank, bool shrinks,
                                        std::list<std::string>& names) const;

  Communicators& communicators;
  /// The processes by rank, of these and of the next.
  std::span<const int> process_of_rank;
  std::span<const int> next_process_of_rank;
};

}  // namespace rankmesh::nccl
