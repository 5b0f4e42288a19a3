#pragma once

/// @file
/// What the programs of this folder have in common: a main function, checks, and a sum over a communicator.

#include <cuda_runtime_api.h>
#include <mpi.h>
#include <nccl.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "rankmesh/nccl.hpp"

namespace launchers {

/// Ends all processes.
[[noreturn]] inline void abort_job(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort();
}

/// Each program checks its own result.
inline void require(bool holds, const std::string& what) {
  if (!holds) abort_job("not as it should be: " + what);
}

/// The sum of one number of each member, computed by NCCL.
inline float sum_over(ncclComm_t communicator, float own) {
  float* data = nullptr;
  require(cudaMalloc(reinterpret_cast<void**>(&data), sizeof own) == cudaSuccess, "cudaMalloc");
  require(cudaMemcpy(data, &own, sizeof own, cudaMemcpyHostToDevice) == cudaSuccess, "cudaMemcpy");
  const ncclResult_t result = ncclAllReduce(data, data, 1, ncclFloat, ncclSum, communicator, nullptr);
  require(result == ncclSuccess || result == ncclInProgress, ncclGetErrorString(result));
  rankmesh::nccl::wait(communicator);
  require(cudaStreamSynchronize(nullptr) == cudaSuccess, "cudaStreamSynchronize");
  require(cudaMemcpy(&own, data, sizeof own, cudaMemcpyDeviceToHost) == cudaSuccess, "cudaMemcpy");
  require(cudaFree(data) == cudaSuccess, "cudaFree");
  return own;
}

/// The sum of one number of each member, computed by MPI.
inline float sum_over(MPI_Comm communicator, float own) {
  MPI_Allreduce(MPI_IN_PLACE, &own, 1, MPI_FLOAT, MPI_SUM, communicator);
  return own;
}

/// Runs a job under MPI.
/// @param job called with the rank of this process and the number of processes
inline int run(int argc, char** argv, const std::function<void(int rank, int size)>& job) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  try {
    job(rank, size);
  } catch (const std::exception& error) {
    abort_job(error.what());
  }
  MPI_Finalize();
  return 0;
}

}  // namespace launchers
