#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "calls.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/plan.hpp"

namespace rankmesh::simulate {

/// A way of the library to bring up the groups of a plan.
enum class Way {
  /// MPI communicators, by one MPI_Comm_split of the world for each step.
  split,
  /// MPI communicators, by one MPI_Comm_create_group for each group.
  create_group,
  /// NCCL communicators, whose IDs the first members hand out: strategy `unique_id`.
  unique_id,
};

/// When ranks wait for each other before they enter a call of MPI that makes communicators.
enum class Arrivals { once, before_each_step };

/// What all ranks do, one part after another.
struct Program {
  struct Part {
    enum class Kind {
      /// A round of agreement; that of the plan if it has fields.
      round,
      /// A call that blocks.
      call,
      /// IDs are handed out, communicators initialised, and completion agreed on, all at once.
      initialisation,
    };
    Kind kind{};
    /// The name of the step in errors.
    std::string step{};
    std::vector<AgreementField> fields{};
    Call call{};
    /// The step of the plan that a call is for.
    std::optional<std::size_t> plan_step{};
  };

  std::vector<Part> parts{};
  /// Of NCCL: the ranks that share an ID.
  int ranks_per_identifier = 128;
};

/// What `mpi::Communicators` or `nccl::Communicators` do, part by part.
[[nodiscard]] Program program_of(Way way, const CommunicatorPlan& plan, Arrivals arrivals,
                                 int ranks_per_identifier = 128);

}  // namespace rankmesh::simulate
