// The training job with wrong groups of one kind: two ranks are exchanged.
// tiny_gpt_swapped tensor 1 2 [options of example_tiny_gpt]

#include <cstdlib>
#include <string>
#include <vector>

#include "train.hpp"

namespace {

using rankmesh::GroupKind;
using tiny_gpt::Group;
using tiny_gpt::Groups;

struct Swap {
  GroupKind kind;
  int first = 0;
  int second = 0;
};

/// The groups of the layout, except that two ranks are exchanged in the groups of one kind.
/// @collective over the job
Groups wrong_groups(const rankmesh::mpi::Communicators& made, double limit, const Swap& swap,
                    MPI_Comm& owner) {
  Groups groups = tiny_gpt::groups_of(made, limit);
  const int rank = made.rank();
  const int stands_for = rank == swap.first ? swap.second : rank == swap.second ? swap.first : rank;
  const auto place = made.topology().family(swap.kind).locate(stands_for);
  MPI_Comm_split(MPI_COMM_WORLD, place ? place->group : MPI_UNDEFINED, place ? place->position : 0, &owner);
  Group::View view{.kind = swap.kind};
  if (place) {
    view.group = place->group;
    view.communicator = owner;
    MPI_Comm_rank(owner, &view.position);
    MPI_Comm_size(owner, &view.size);
  }
  groups.at(swap.kind) = Group(view, limit);
  return groups;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  if (argc < 4) MPI_Abort(MPI_COMM_WORLD, 2);
  const Swap swap{GroupKind(argv[1]), std::atoi(argv[2]), std::atoi(argv[3])};
  MPI_Comm owner = MPI_COMM_NULL;
  const int code =
      tiny_gpt::run(std::vector<std::string>(argv + 4, argv + argc),
                    [&](const auto& made, double limit) { return wrong_groups(made, limit, swap, owner); });
  if (owner != MPI_COMM_NULL) MPI_Comm_free(&owner);
  MPI_Finalize();
  return code;
}
