#pragma once

#include <cstdint>

namespace rankmesh::bench {

/// The number of messages that this process has sent with MPI_Isend, which the protocols of the library use.
/// Messages inside of other MPI calls are not counted.
[[nodiscard]] std::int64_t messages_sent() noexcept;

}  // namespace rankmesh::bench
