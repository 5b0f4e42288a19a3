#include "job.hpp"

#include <mpi.h>

#include <cstddef>

namespace rankmesh::bench {

Job Job::current() {
  Job job;
  MPI_Comm_rank(MPI_COMM_WORLD, &job.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &job.size);
  return job;
}

void Job::barrier() const {
  MPI_Barrier(MPI_COMM_WORLD);
}

bool Job::all(bool here) const {
  int value = here ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return value != 0;
}

double Job::largest(double here) const {
  MPI_Allreduce(MPI_IN_PLACE, &here, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return here;
}

std::int64_t Job::largest(std::int64_t here) const {
  MPI_Allreduce(MPI_IN_PLACE, &here, 1, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
  return here;
}

std::int64_t Job::sum(std::int64_t here) const {
  MPI_Allreduce(MPI_IN_PLACE, &here, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  return here;
}

std::string Job::gather_bytes(const std::string& here) const {
  const int length = static_cast<int>(here.size());
  std::string all(here.size() * static_cast<std::size_t>(size), '\0');
  MPI_Allgather(here.data(), length, MPI_BYTE, all.data(), length, MPI_BYTE, MPI_COMM_WORLD);
  return all;
}

std::vector<std::string> Job::gather_texts(const std::string& here) const {
  const int length = static_cast<int>(here.size());
  std::vector<int> lengths(static_cast<std::size_t>(size));
  MPI_Gather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
  std::vector<int> offsets(lengths.size());
  for (std::size_t i = 1; i < lengths.size(); ++i) offsets[i] = offsets[i - 1] + lengths[i - 1];
  std::string all(static_cast<std::size_t>(offsets.back() + lengths.back()), ' ');
  MPI_Gatherv(here.data(), length, MPI_CHAR, all.data(), lengths.data(), offsets.data(), MPI_CHAR, 0,
              MPI_COMM_WORLD);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] == 0) continue;
    texts.push_back(all.substr(static_cast<std::size_t>(offsets[i]), static_cast<std::size_t>(lengths[i])));
  }
  return texts;
}

}  // namespace rankmesh::bench
