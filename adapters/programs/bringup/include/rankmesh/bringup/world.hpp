#pragma once

#include <mpi.h>

#include <string>
#include <vector>

namespace rankmesh::bringup {

/// This process's place in a communicator over all processes, and collectives over all of its ranks. The
/// calls of MPI block without a deadline: make them when all ranks are known to have arrived, under a
/// watchdog.
struct World {
  MPI_Comm communicator = MPI_COMM_WORLD;
  int rank = 0;
  int size = 1;

  /// Call it between MPI_Init and MPI_Finalize.
  World() : World(MPI_COMM_WORLD) {}
  /// The processes of MPI_COMM_WORLD in another order.
  /// @param all must outlive this
  explicit World(MPI_Comm all);

  /// Whether a condition is true on every rank.
  /// @collective over all processes
  /// @throws mpi::MpiError
  [[nodiscard]] bool all(bool condition) const;
  /// The texts of all ranks that are not empty, in rank order, on rank 0; empty on the other ranks.
  /// @collective over all processes
  /// @throws mpi::MpiError
  [[nodiscard]] std::vector<std::string> gather_texts(const std::string& own) const;
};

/// The name and version of the MPI library, for example `Open MPI v4.1.4`.
[[nodiscard]] std::string mpi_library_text();

}  // namespace rankmesh::bringup
