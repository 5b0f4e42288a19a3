#pragma once

#include "loggp.hpp"

namespace rankmesh::simulate {

/// How a rank that waits for a message of the protocols finds it.
enum class Polling {
  /// At once.
  busy,
  /// As `mpi::MpiTransport::idle` does: it looks again and again for a while, then sleeps longer and longer
  /// between two looks, so that ranks that share a core let each other work.
  with_sleeps,
};

/// When a rank finds a message.
/// @param since when it began to wait
/// @param there when the message came
[[nodiscard]] Time noticed_at(Polling polling, Time since, Time there);

}  // namespace rankmesh::simulate
