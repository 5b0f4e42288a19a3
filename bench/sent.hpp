#pragma once

#include <cstdint>

namespace rankmesh::bench {

/// The messages that this process has sent with MPI_Isend so far: those of the library's protocols. What MPI
/// sends inside of its own calls is not seen.
[[nodiscard]] std::int64_t messages_sent() noexcept;

}  // namespace rankmesh::bench
