#pragma once

#include <functional>
#include <string>
#include <vector>

#include "groups.hpp"

namespace tiny_gpt {

using MakeGroups = std::function<Groups(const rankmesh::mpi::Communicators& made, double limit)>;

/// The whole program between MPI_Init and MPI_Finalize.
/// @param make_groups tests replace it to make wrong groups
/// @returns the exit code
int run(const std::vector<std::string>& args, const MakeGroups& make_groups = groups_of);

}  // namespace tiny_gpt
