// Code that communicates in a group of any size, with the default options and with `groups_of_one`.
// mpiexec -n 4 groups_of_one
#include <cstdio>
#include <rankmesh/mpi.hpp>

using View = rankmesh::GroupCommunicator<MPI_Comm>;

// With the default options, a group of one has no communicator.
double sum_with_guard(const View& group, double value) {
  if (group.has_communicator()) {
    MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_SUM, group.native());
  }
  return value;
}

// With groups_of_one, it has one.
double sum(const View& group, double value) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_SUM, group.native());
  return value;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  try {
    const rankmesh::ParallelConfig config{.world_size = 4, .tensor = 1};
    rankmesh::mpi::Communicators lean(MPI_COMM_WORLD, config);
    rankmesh::mpi::Options options;
    options.plan.groups_of_one = {"tensor", "pipeline"};  // or rankmesh::KindSelection::all()
    rankmesh::mpi::Communicators groups(MPI_COMM_WORLD, config, options);
    const double a = sum_with_guard(lean.at("tensor"), 1);
    const double b = sum(groups.at("tensor"), 1);
    if (groups.rank() == 0) std::printf("%g and %g\n", a, b);
    groups.close();
    lean.close();
  } catch (const rankmesh::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
