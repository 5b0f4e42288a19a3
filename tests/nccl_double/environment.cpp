#include "environment.hpp"

#include <cstdlib>
#include <initializer_list>

namespace rankmesh::nccl_double {

namespace {

std::optional<int> first_number(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return std::atoi(value);
  }
  return std::nullopt;
}

}  // namespace

int job_rank() {
  return first_number(
             {"RANKMESH_DOUBLE_RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"})
      .value_or(0);
}

int local_rank() {
  return first_number(
             {"RANKMESH_DOUBLE_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"})
      .value_or(job_rank());
}

std::optional<std::string> setting(const std::string& name) {
  if (const char* value = std::getenv((name + "_" + std::to_string(job_rank())).c_str())) return value;
  if (const char* value = std::getenv(name.c_str())) return value;
  return std::nullopt;
}

}  // namespace rankmesh::nccl_double
