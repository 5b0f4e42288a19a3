#pragma once

#include <mpi.h>

#include <cstddef>
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

[[nodiscard]] inline int size_of_communicator(MPI_Comm communicator) {
  int size = 0;
  MPI_Comm_size(communicator, &size);
  return size;
}

/// Whether the text is the same on all ranks of a communicator.
[[nodiscard]] inline bool same_on(MPI_Comm ranks, const std::string& text) {
  int length = static_cast<int>(text.size());
  MPI_Bcast(&length, 1, MPI_INT, 0, ranks);
  std::string first = text;
  first.resize(static_cast<std::size_t>(length));
  MPI_Bcast(first.data(), length, MPI_CHAR, 0, ranks);
  int same = first == text ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, ranks);
  return same != 0;
}

/// Whether the text is the same on all ranks.
[[nodiscard]] inline bool same_everywhere(const std::string& text) {
  return same_on(MPI_COMM_WORLD, text);
}

/// Takes every context identifier of this process: Open MPI has about 65,000, and each communicator of a
/// process needs one. Takes some 350 MB of memory and a few seconds.
class ExhaustedContexts {
 public:
  ExhaustedContexts() {
    MPI_Errhandler before = MPI_ERRHANDLER_NULL;
    MPI_Comm_get_errhandler(MPI_COMM_SELF, &before);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm taken = MPI_COMM_NULL;
    while (taken_.size() < limit && MPI_Comm_dup(MPI_COMM_SELF, &taken) == MPI_SUCCESS) {
      taken_.push_back(taken);
    }
    MPI_Comm_set_errhandler(MPI_COMM_SELF, before);
    MPI_Errhandler_free(&before);
  }
  ExhaustedContexts(const ExhaustedContexts&) = delete;
  ExhaustedContexts& operator=(const ExhaustedContexts&) = delete;
  ~ExhaustedContexts() {
    while (!taken_.empty()) give_one_back();
  }

  /// Whether all are taken.
  [[nodiscard]] bool are_exhausted() const { return taken_.size() < limit; }
  /// The process can make one communicator more.
  void give_one_back() {
    MPI_Comm_free(&taken_.back());
    taken_.pop_back();
  }

 private:
  static constexpr std::size_t limit = 100'000;
  std::vector<MPI_Comm> taken_;
};

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
