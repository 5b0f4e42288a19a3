#pragma once

#include <cstdint>
#include <string>

#include "rankmesh/bringup/world.hpp"

namespace rankmesh::bench {

/// The MPI job of a measurement. All functions are collective over MPI_COMM_WORLD.
struct Job : bringup::World {
  void barrier() const;
  [[nodiscard]] double largest(double own) const;
  [[nodiscard]] std::int64_t largest(std::int64_t own) const;
  [[nodiscard]] std::int64_t sum(std::int64_t own) const;
  /// The bytes of all ranks, in rank order. All ranks pass the same number of bytes.
  [[nodiscard]] std::string gather_bytes(const std::string& own) const;
};

}  // namespace rankmesh::bench
