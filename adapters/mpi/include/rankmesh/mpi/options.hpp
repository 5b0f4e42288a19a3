#pragma once

#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/progress.hpp"
#include "rankmesh/comm/rounds.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/mpi/watchdog.hpp"

namespace rankmesh::mpi {

/// How to bring up.
struct Options {
  Patience patience{};
  PlanOptions plan{};
  /// The first of the `MpiTransport::tag_count` tags used on the caller's communicator.
  int first_tag = MpiTransport::default_first_tag;
  /// Called on every rank after every part. An exception from it ends the bring-up of all ranks.
  ProgressCallback on_progress{};
  /// Called from another thread where a call that blocks has not come back when the deadline has passed. Set
  /// it on all ranks or on none: a rank without it does not answer those that are stuck.
  Watchdog::Callback on_stuck{};
};

}  // namespace rankmesh::mpi
