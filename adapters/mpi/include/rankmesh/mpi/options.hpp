#pragma once

#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/progress.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/mpi/watchdog.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// When ranks wait for each other before they enter a call of MPI that makes communicators.
enum class Arrivals {
  /// Once, before the first: all ranks are known to be there. A call that fails is told at the end; a rank
  /// that
  /// dies after that leaves those whose groups it is in inside MPI, where the watchdog finds them.
  once,
  /// Before each: a rank that dies between two calls, or whose call fails, is an error of all others at the
  /// next. Costs a round of messages for each step, about half of the whole bring-up.
  before_each_step,
};

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
