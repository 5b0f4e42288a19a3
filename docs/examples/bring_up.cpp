#include <cstdio>
#include <rankmesh/mpi.hpp>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  try {
    using K = rankmesh::GroupKind;
    rankmesh::mpi::Communicators groups(MPI_COMM_WORLD, {.world_size = 8, .tensor = 2, .pipeline = 2});
    double gradient = groups.rank();
    const auto data = groups.at(K::data);
    MPI_Allreduce(MPI_IN_PLACE, &gradient, 1, MPI_DOUBLE, MPI_SUM, data.native());
    if (groups.rank() == 0) std::printf("data group of %d ranks, sum %g\n", data.size, gradient);
    groups.close();
  } catch (const rankmesh::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
