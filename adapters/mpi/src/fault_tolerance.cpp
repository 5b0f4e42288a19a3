#include "fault_tolerance.hpp"

#ifdef RANKMESH_ULFM
#include <mpi-ext.h>

#include <cstddef>
#include <numeric>
#include <vector>

#include "require_success.hpp"
#endif

namespace rankmesh::mpi {

#ifdef RANKMESH_ULFM

bool tells_of_failures() noexcept {
  int* is_enabled = nullptr;
  int has_value = 0;
  if (MPI_Comm_get_attr(MPI_COMM_WORLD, MPIX_FT, &is_enabled, &has_value) != MPI_SUCCESS) return false;
  return has_value != 0 && *is_enabled != 0;
}

bool is_process_failure(int code) noexcept {
  int error_class = MPI_SUCCESS;
  MPI_Error_class(code, &error_class);
  return error_class == MPIX_ERR_PROC_FAILED || error_class == MPIX_ERR_PROC_FAILED_PENDING;
}

void acknowledge_failures(MPI_Comm communicator) noexcept {
  int size = 0;
  int acknowledged = 0;
  MPI_Comm_size(communicator, &size);
  MPIX_Comm_ack_failed(communicator, size, &acknowledged);
}

RankSet failed_ranks(MPI_Comm communicator) {
  if (!tells_of_failures()) return {};
  MPI_Group failed = MPI_GROUP_NULL;
  MPI_Group all = MPI_GROUP_NULL;
  require_success(MPIX_Comm_get_failed(communicator, &failed), "MPIX_Comm_get_failed");
  MPI_Comm_group(communicator, &all);
  int count = 0;
  MPI_Group_size(failed, &count);
  std::vector<int> positions(static_cast<std::size_t>(count));
  std::iota(positions.begin(), positions.end(), 0);
  std::vector<int> ranks(positions.size());
  MPI_Group_translate_ranks(failed, count, positions.data(), all, ranks.data());
  MPI_Group_free(&all);
  MPI_Group_free(&failed);
  return RankSet::of_ranks(ranks);
}

int create_apart(MPI_Group members, const std::string& name, MPI_Comm& made) noexcept {
  return MPI_Comm_create_from_group(members, name.c_str(), MPI_INFO_NULL, MPI_ERRORS_RETURN, &made);
}

int split(MPI_Comm parent, int color, int key, MPI_Comm& made) noexcept {
  const int code = MPI_Comm_split(parent, color, key, &made);
  if (code == MPI_SUCCESS) return code;
  // After a failed call, Open MPI 5.0 still holds the lock of its identifiers for the parent: calls for newer
  // parents would wait for it for ever. A call for an older parent takes it and gives it back.
  MPI_Comm duplicate = MPI_COMM_NULL;
  if (MPI_Comm_dup(MPI_COMM_SELF, &duplicate) == MPI_SUCCESS) MPI_Comm_free(&duplicate);
  return code;
}

void revoke(MPI_Comm communicator) noexcept {
  if (tells_of_failures()) MPIX_Comm_revoke(communicator);
}

#else

bool tells_of_failures() noexcept {
  return false;
}

bool is_process_failure(int /*code*/) noexcept {
  return false;
}

void acknowledge_failures(MPI_Comm /*communicator*/) noexcept {}

RankSet failed_ranks(MPI_Comm /*communicator*/) {
  return {};
}

int create_apart(MPI_Group /*members*/, const std::string& /*name*/, MPI_Comm& /*made*/) noexcept {
  return MPI_ERR_UNSUPPORTED_OPERATION;
}

int split(MPI_Comm parent, int color, int key, MPI_Comm& made) noexcept {
  return MPI_Comm_split(parent, color, key, &made);
}

void revoke(MPI_Comm /*communicator*/) noexcept {}

#endif

}  // namespace rankmesh::mpi
