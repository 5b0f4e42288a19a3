#pragma once

#include <mpi.h>

#include <string>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::tests {

[[nodiscard]] inline int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

[[nodiscard]] inline int world_size() {
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

/// Whether the text is the same on all ranks.
[[nodiscard]] inline bool same_everywhere(const std::string& text) {
  int length = static_cast<int>(text.size());
  MPI_Bcast(&length, 1, MPI_INT, 0, MPI_COMM_WORLD);
  std::string first = text;
  first.resize(static_cast<std::size_t>(length));
  MPI_Bcast(first.data(), length, MPI_CHAR, 0, MPI_COMM_WORLD);
  int same = first == text ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return same != 0;
}

/// Every valid configuration of this world size with sizes of tensor, pipeline and sequence.
[[nodiscard]] inline std::vector<ParallelConfig> valid_configs(int size) {
  std::vector<ParallelConfig> result;
  for (int tensor = 1; tensor <= size; ++tensor) {
    for (int pipeline = 1; pipeline <= size; ++pipeline) {
      for (int sequence = 1; sequence <= size; ++sequence) {
        ParallelConfig config{
            .world_size = size, .tensor = tensor, .pipeline = pipeline, .sequence = sequence, .fp8 = true};
        if (pipeline > 2) config.split_rank = pipeline / 2;
        if (check(config).empty()) result.push_back(config);
      }
    }
  }
  return result;
}

}  // namespace rankmesh::tests
