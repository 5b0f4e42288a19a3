#include "rankmesh/bringup/mpi_operations.hpp"

#include <utility>

#include "rankmesh/mpi/error.hpp"

namespace rankmesh::bringup {
namespace {

void finish(MPI_Request request, const char* call, const WhileWaiting& while_waiting) {
  for (;;) {
    int is_done = 0;
    require_success(MPI_Test(&request, &is_done, MPI_STATUS_IGNORE), call);
    if (is_done != 0) return;
    while_waiting();
  }
}

}  // namespace

void require_success(int code, const char* call) {
  if (code != MPI_SUCCESS) throw mpi::MpiError({.call = call, .code = code});
}

MpiOperations::MpiOperations(MPI_Comm communicator) : communicator_(communicator) {
  MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN);
}

int MpiOperations::size() {
  int size = 0;
  require_success(MPI_Comm_size(communicator_, &size), "MPI_Comm_size");
  return size;
}

int MpiOperations::position() {
  int position = 0;
  require_success(MPI_Comm_rank(communicator_, &position), "MPI_Comm_rank");
  return position;
}

std::vector<std::uint64_t> MpiOperations::sum(const std::vector<std::uint64_t>& own,
                                              const WhileWaiting& while_waiting) {
  constexpr const char* call = "MPI_Iallreduce";
  summands_ = own;
  sums_.resize(own.size());
  MPI_Request request = MPI_REQUEST_NULL;
  require_success(MPI_Iallreduce(summands_.data(), sums_.data(), static_cast<int>(own.size()), MPI_UINT64_T,
                                 MPI_SUM, communicator_, &request),
                  call);
  finish(request, call, while_waiting);
  return sums_;
}

std::vector<int> MpiOperations::gather(int own, const WhileWaiting& while_waiting) {
  constexpr const char* call = "MPI_Iallgather";
  own_ = own;
  gathered_.resize(static_cast<std::size_t>(size()));
  MPI_Request request = MPI_REQUEST_NULL;
  require_success(MPI_Iallgather(&own_, 1, MPI_INT, gathered_.data(), 1, MPI_INT, communicator_, &request),
                  call);
  finish(request, call, while_waiting);
  return gathered_;
}

std::vector<double> MpiOperations::largest(std::vector<double> own, const WhileWaiting& while_waiting) {
  constexpr const char* call = "MPI_Iallreduce";
  largest_ = std::move(own);
  MPI_Request request = MPI_REQUEST_NULL;
  require_success(MPI_Iallreduce(MPI_IN_PLACE, largest_.data(), static_cast<int>(largest_.size()), MPI_DOUBLE,
                                 MPI_MAX, communicator_, &request),
                  call);
  finish(request, call, while_waiting);
  return largest_;
}

}  // namespace rankmesh::bringup
