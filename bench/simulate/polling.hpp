#pragma once

#include "loggp.hpp"

namespace rankmesh::simulate {

/// How a waiting rank polls for messages of the protocols.
enum class Polling {
  /// Continuously: it finds a message at once.
  busy,
  /// As with `mpi::MpiTransport::idle`: continuously at first, then with longer and longer sleeps between two
  /// polls, so
  /// that ranks that share a core let each other work.
  with_sleeps,
};

/// When a rank finds a message.
/// @param since when it began to wait
/// @param there when the message arrived
[[nodiscard]] Time noticed_at(Polling polling, Time since, Time there);

}  // namespace rankmesh::simulate
