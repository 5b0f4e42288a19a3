#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstdint>
#include <string>

#include "job.hpp"

namespace rankmesh::bench {

/// @throws nccl::NcclError unless the call did well
void require(cudaError_t result, const char* call);
void require(ncclResult_t result, const char* call);

/// The GPUs that this process sees; 0 also where there is no driver.
[[nodiscard]] int visible_gpus();

/// The GPU of this process, which other ranks may share.
class Device {
 public:
  /// Takes GPU (number among the processes of this machine) modulo (GPUs seen), as the library does by
  /// default, and makes it the current one.
  /// @collective over the job
  /// @throws nccl::NcclError
  explicit Device(const Job& job);

  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The different GPUs of the whole job.
  [[nodiscard]] int gpu_count() const noexcept { return gpu_count_; }
  [[nodiscard]] bool is_shared(const Job& job) const noexcept { return gpu_count_ < job.size; }

  /// What is free on all GPUs of the job together, once every rank has come here and its GPU is idle. A GPU
  /// tells what all processes have left of it, so one rank asks each GPU.
  /// @collective over the job
  /// @throws nccl::NcclError
  [[nodiscard]] std::int64_t free_bytes(const Job& job) const;

 private:
  int number_ = 0;
  std::string name_;
  int gpu_count_ = 1;
  /// Whether this rank is the first on its GPU.
  bool asks_ = false;
};

/// What this runs with, a `key=value` on each line: gpus, gpu, cuda_runtime, cuda_driver, nccl, nccl_code,
/// mpi.
[[nodiscard]] std::string versions_text();

}  // namespace rankmesh::bench
