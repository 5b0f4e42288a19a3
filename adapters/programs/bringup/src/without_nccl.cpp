// The NCCL backend of a program that is built without NCCL.

#include "backend.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh::bringup {

bool has_nccl() noexcept {
  return false;
}

std::unique_ptr<JobCommunicators> bring_up_with_nccl(MPI_Comm /*communicator*/,
                                                     const ParallelConfig& /*config*/,
                                                     const nccl::Options& /*options*/) {
  throw Error("this program was built without NCCL");
}

}  // namespace rankmesh::bringup
