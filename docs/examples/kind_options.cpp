#include <cstdio>
#include <rankmesh/nccl.hpp>
#include <rankmesh/nccl/options_file.hpp>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  try {
    using K = rankmesh::GroupKind;
    rankmesh::nccl::Options options;
    options.kinds = rankmesh::nccl::load_kind_options("nccl.yaml");
    options.kinds[K::pipeline].communicator = {.min_ctas = 2};
    options.kinds[K::pipeline].stream = rankmesh::nccl::Stream::normal;
    options.bring_up.plan.sharing_keys[K::data] = "overlap";
    options.host_communicators = true;
    rankmesh::nccl::Communicators groups(MPI_COMM_WORLD, {.world_size = 8, .tensor = 2, .pipeline = 2},
                                         options);
    if (groups.rank() == 0) std::printf("%s", groups.plan().to_string().c_str());
    groups.close();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
