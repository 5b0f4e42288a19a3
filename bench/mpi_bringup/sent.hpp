#pragma once

#include <cstdint>
#include <vector>

#include <mpi.h>

namespace rankmesh::bench {

/// Counts all messages that this process sends, those inside of MPI's own collective calls included: Open MPI
/// counts them where its parameter `pml_monitoring_enable` is above 0.
class Sent {
 public:
  /// Between MPI_T_init_thread and MPI_T_finalize, and after MPI_Init.
  Sent();
  Sent(const Sent&) = delete;
  Sent& operator=(const Sent&) = delete;
  ~Sent();

  [[nodiscard]] bool is_counted() const noexcept { return handle_ != MPI_T_PVAR_HANDLE_NULL; }
  /// Messages since the start of the process.
  [[nodiscard]] std::int64_t messages() const;

 private:
  MPI_T_pvar_session session_{};
  MPI_T_pvar_handle handle_ = MPI_T_PVAR_HANDLE_NULL;
  /// One for each rank of the world that messages may go to.
  int counters_ = 0;
  MPI_Comm world_ = MPI_COMM_WORLD;
};

}  // namespace rankmesh::bench
