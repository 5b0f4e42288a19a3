#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstdint>
#include <string>

#include "job.hpp"

namespace rankmesh::bench {

/// @throws nccl::NcclError if the call failed
void require(cudaError_t result, const char* call);
void require(ncclResult_t result, const char* call);

/// The number of GPUs that this process sees; 0 also if there is no driver.
[[nodiscard]] int visible_gpus();

/// The GPU of this process. Other ranks may use the same GPU.
class Device {
 public:
  /// Makes a GPU the current device: the index of this process on its machine modulo the number of visible
  /// GPUs, as the library does by default.
  /// @collective over the job
  /// @throws nccl::NcclError
  explicit Device(const Job& job);

  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The number of distinct GPUs of the job.
  [[nodiscard]] int gpu_count() const noexcept { return gpu_count_; }
  [[nodiscard]] bool is_shared(const Job& job) const noexcept { return gpu_count_ < job.size; }

  /// The free memory of all GPUs of the job together, read while the GPUs are idle. One rank reads each GPU,
  /// because the free memory of a GPU covers all processes.
  /// @collective over the job
  /// @throws nccl::NcclError
  [[nodiscard]] std::int64_t free_bytes(const Job& job) const;

 private:
  int number_ = 0;
  std::string name_;
  int gpu_count_ = 1;
  /// Whether this rank is the lowest of its GPU.
  bool is_first_on_gpu_ = false;
};

/// The environment, one `key=value` on each line: gpus, gpu, cuda_runtime, cuda_driver, nccl, nccl_code, mpi.
[[nodiscard]] std::string versions_text();

}  // namespace rankmesh::bench
