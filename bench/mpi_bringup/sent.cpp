#include "sent.hpp"

#include <numeric>

namespace rankmesh::bench {

Sent::Sent() {
  MPI_T_pvar_session_create(&session_);
  int index = 0;
  if (MPI_T_pvar_get_index("pml_monitoring_messages_count", MPI_T_PVAR_CLASS_SIZE, &index) != MPI_SUCCESS)
    return;
  if (MPI_T_pvar_handle_alloc(session_, index, &world_, &handle_, &counters_) != MPI_SUCCESS) {
    handle_ = MPI_T_PVAR_HANDLE_NULL;
    return;
  }
  MPI_T_pvar_start(session_, handle_);
}

Sent::~Sent() {
  if (is_counted()) MPI_T_pvar_handle_free(session_, &handle_);
  MPI_T_pvar_session_free(&session_);
}

std::int64_t Sent::messages() const {
  if (!is_counted()) return 0;
  std::vector<std::size_t> counts(static_cast<std::size_t>(counters_));
  MPI_T_pvar_read(session_, handle_, counts.data());
  return static_cast<std::int64_t>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
}

}  // namespace rankmesh::bench
