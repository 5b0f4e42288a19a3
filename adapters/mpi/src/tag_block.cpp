#include "tag_block.hpp"

#include <memory>

#include "require_success.hpp"

namespace rankmesh::mpi {
namespace {

extern "C" int rankmesh_delete_tag_block_counter(MPI_Comm /*communicator*/, int /*keyval*/, void* counter,
                                                 void* /*extra*/) {
  delete static_cast<int*>(counter);
  return MPI_SUCCESS;
}

int tag_block_keyval() {
  // Made once for the process and never changed; each communicator holds its own counter.
  static const int keyval = [] {
    int made = MPI_KEYVAL_INVALID;
    require_success(
        MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, rankmesh_delete_tag_block_counter, &made, nullptr),
        "MPI_Comm_create_keyval");
    return made;
  }();
  return keyval;
}

}  // namespace

int next_tag_block(MPI_Comm communicator) {
  void* attribute = nullptr;
  int found = 0;
  require_success(MPI_Comm_get_attr(communicator, tag_block_keyval(), &attribute, &found),
                  "MPI_Comm_get_attr");
  if (found != 0) return (*static_cast<int*>(attribute))++;
  auto counter = std::make_unique<int>(1);
  require_success(MPI_Comm_set_attr(communicator, tag_block_keyval(), counter.get()), "MPI_Comm_set_attr");
  static_cast<void>(counter.release());
  return 0;
}

}  // namespace rankmesh::mpi
