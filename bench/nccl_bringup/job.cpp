#include "job.hpp"

#include <mpi.h>

#include <cstddef>

namespace rankmesh::bench {

void Job::barrier() const {
  MPI_Barrier(MPI_COMM_WORLD);
}

double Job::largest(double own) const {
  MPI_Allreduce(MPI_IN_PLACE, &own, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return own;
}

std::int64_t Job::largest(std::int64_t own) const {
  MPI_Allreduce(MPI_IN_PLACE, &own, 1, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
  return own;
}

std::int64_t Job::sum(std::int64_t own) const {
  MPI_Allreduce(MPI_IN_PLACE, &own, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  return own;
}

std::string Job::gather_bytes(const std::string& own) const {
  const int length = static_cast<int>(own.size());
  std::string all(own.size() * static_cast<std::size_t>(size), '\0');
  MPI_Allgather(own.data(), length, MPI_BYTE, all.data(), length, MPI_BYTE, MPI_COMM_WORLD);
  return all;
}

}  // namespace rankmesh::bench
