#include "rankmesh/bringup/world.hpp"

#include <mpi.h>

#include <array>
#include <cstddef>

#include "rankmesh/bringup/mpi_operations.hpp"

namespace rankmesh::bringup {

World::World(MPI_Comm all) : communicator(all) {
  MPI_Comm_rank(communicator, &rank);
  MPI_Comm_size(communicator, &size);
}

bool World::all(bool condition) const {
  int value = condition ? 1 : 0;
  require_success(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MIN, communicator), "MPI_Allreduce");
  return value != 0;
}

std::vector<std::string> World::gather_texts(const std::string& own) const {
  const int length = static_cast<int>(own.size());
  std::vector<int> lengths(static_cast<std::size_t>(size));
  require_success(MPI_Gather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, communicator), "MPI_Gather");
  std::vector<int> offsets(lengths.size());
  for (std::size_t i = 1; i < lengths.size(); ++i) offsets[i] = offsets[i - 1] + lengths[i - 1];
  std::string all(static_cast<std::size_t>(offsets.back() + lengths.back()), ' ');
  require_success(MPI_Gatherv(own.data(), length, MPI_CHAR, all.data(), lengths.data(), offsets.data(),
                              MPI_CHAR, 0, communicator),
                  "MPI_Gatherv");
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] == 0) continue;
    texts.push_back(all.substr(static_cast<std::size_t>(offsets[i]), static_cast<std::size_t>(lengths[i])));
  }
  return texts;
}

std::string mpi_library_text() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string all(text.data());
  // Details follow the first comma or line break.
  return all.substr(0, all.find_first_of(",\n"));
}

}  // namespace rankmesh::bringup
