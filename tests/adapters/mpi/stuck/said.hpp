#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "support/mpi_job.hpp"
#include "support/temporary_folder.hpp"

namespace rankmesh::tests {

/// Starts a job, and returns what its ranks wrote into the files of a folder, by rank. A rank that was killed
/// writes nothing.
/// @param arguments of the program, behind the folder
inline std::map<int, std::string> said_by_ranks(const char* program, int size, const std::string& arguments) {
  const TemporaryFolder folder;
  // The exit code is not checked: the ranks end without MPI_Finalize.
  run({.program = program,
       .parts = {{size, folder.path() + " " + arguments}},
       .runs_on = true,
       .time_limit_seconds = 50});
  std::map<int, std::string> result;
  for (int rank = 0; rank < size; ++rank) {
    const std::string name = std::to_string(rank);
    if (std::filesystem::exists(folder.file(name))) result[rank] = folder.read(name);
  }
  return result;
}

}  // namespace rankmesh::tests
