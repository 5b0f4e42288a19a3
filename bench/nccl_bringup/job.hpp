#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rankmesh::bench {

/// The MPI job that a measurement runs in. Every function here is collective over its ranks.
struct Job {
  int rank = 0;
  int size = 1;

  /// To be asked between MPI_Init and MPI_Finalize.
  [[nodiscard]] static Job current();

  void barrier() const;
  /// Whether something holds on every rank.
  [[nodiscard]] bool all(bool here) const;
  [[nodiscard]] double largest(double here) const;
  [[nodiscard]] std::int64_t largest(std::int64_t here) const;
  [[nodiscard]] std::int64_t sum(std::int64_t here) const;
  /// The same bytes of every rank, by rank.
  [[nodiscard]] std::string gather_bytes(const std::string& here) const;
  /// The texts that are not empty, by rank: on rank 0, elsewhere none.
  [[nodiscard]] std::vector<std::string> gather_texts(const std::string& here) const;
};

}  // namespace rankmesh::bench
