#pragma once

#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/progress.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/mpi/watchdog.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// How to bring up.
struct Options {
  /// How long to wait for others.
  Timeouts timeouts{};
  /// What the kinds share.
  PlanOptions plan{};
  /// When the ranks tell each other that they have come.
  Arrivals arrivals = Arrivals::once;
  /// What else must be the same on all ranks: the job's own options, the size of its model. Ranks that were
  /// started with others get the error that names the field, instead of waiting for each other later.
  std::vector<AgreementField> job_fields{};
  /// The first of the `MpiTransport::tag_count` tags used on the caller's communicator.
  int first_tag = MpiTransport::default_first_tag;
  /// Called on every rank after every part. An exception from it ends the bring-up of all ranks.
  ProgressCallback on_progress{};
  /// Called from another thread where a call that blocks has not come back when the deadline has passed. Set
  /// it on all ranks or on none: a rank without it does not answer those that are stuck.
  Watchdog::Callback on_stuck{};
};

}  // namespace mpi
}  // namespace rankmesh
