#include "device.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <cstddef>
#include <set>

#include "rankmesh/nccl/error.hpp"
#include "rankmesh/nccl/kind_options.hpp"

namespace rankmesh::bench {
namespace {

/// The index of this process among the processes of its machine.
int local_rank(const Job& job) {
  MPI_Comm node = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, job.rank, MPI_INFO_NULL, &node);
  int result = 0;
  MPI_Comm_rank(node, &result);
  MPI_Comm_free(&node);
  return result;
}

std::string cuda_version(cudaError_t (*ask)(int*)) {
  int version = 0;
  if (ask(&version) != cudaSuccess || version == 0) return "none";
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

}  // namespace

void require(cudaError_t result, const char* call) {
  if (result == cudaSuccess) return;
  throw nccl::NcclError({.call = call, .code = static_cast<int>(result), .text = cudaGetErrorString(result)});
}

void require(ncclResult_t result, const char* call) {
  if (result == ncclSuccess) return;
  const char* const more = ncclGetLastError(nullptr);
  throw nccl::NcclError(
      {.call = call,
       .code = static_cast<int>(result),
       .text = fmt::format("{}: {}", ncclGetErrorString(result), more == nullptr ? "" : more)});
}

int visible_gpus() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

Device::Device(const Job& job) : number_(local_rank(job) % visible_gpus()) {
  require(cudaSetDevice(number_), "cudaSetDevice");
  cudaDeviceProp properties{};
  require(cudaGetDeviceProperties(&properties, number_), "cudaGetDeviceProperties");
  name_ = properties.name;

  const std::string own(properties.uuid.bytes, sizeof properties.uuid.bytes);
  const std::string all = job.gather_bytes(own);
  std::set<std::string> seen;
  for (int rank = 0; rank < job.size; ++rank) {
    const std::string uuid = all.substr(static_cast<std::size_t>(rank) * own.size(), own.size());
    const bool is_new = seen.insert(uuid).second;
    if (rank == job.rank) is_first_on_gpu_ = is_new;
  }
  gpu_count_ = static_cast<int>(seen.size());
}

std::int64_t Device::free_bytes(const Job& job) const {
  require(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  job.barrier();
  std::size_t available = 0;
  std::size_t total = 0;
  if (is_first_on_gpu_) require(cudaMemGetInfo(&available, &total), "cudaMemGetInfo");
  return job.sum(static_cast<std::int64_t>(available));
}

std::string versions_text() {
  const int gpus = visible_gpus();
  std::string gpu = "none";
  if (cudaDeviceProp properties{}; gpus > 0 && cudaGetDeviceProperties(&properties, 0) == cudaSuccess) {
    gpu = properties.name;
  }
  int nccl_code = 0;
  require(ncclGetVersion(&nccl_code), "ncclGetVersion");
  return fmt::format("gpus={}\ngpu={}\ncuda_runtime={}\ncuda_driver={}\nnccl={}\nnccl_code={}\nmpi={}\n",
                     gpus, gpu, cuda_version(cudaRuntimeGetVersion), cuda_version(cudaDriverGetVersion),
                     nccl::version_text(nccl_code), nccl_code, bringup::mpi_library_text());
}

}  // namespace rankmesh::bench
