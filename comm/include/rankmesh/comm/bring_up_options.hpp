#pragma once

#include <optional>
#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/host_identity.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/progress.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/comm/watchdog.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// The first tag of messages over MPI, unless the caller chooses another.
inline constexpr int default_first_tag = 31000;

/// Options of a bring-up. Those that mention MPI have no effect without it.
struct BringUpOptions {
  /// How long to wait for other ranks. Not compared: a rank may wait longer than another one.
  Timeouts timeouts{};
  /// Which kinds share communicators.
  PlanOptions plan{};
  /// When ranks wait for each other before MPI calls.
  Arrivals arrivals = Arrivals::once;
  /// Whether to duplicate the caller's communicator even if no kind needs the duplicate, see
  /// `mpi::Communicators::world()`. The call takes up to a fifth of a bring-up.
  bool duplicate_world = false;
  /// Other values that must be the same on all ranks, for example the job's own options or the size of its
  /// model. If they differ, every rank gets an error that names the field, instead of a hang later. If an
  /// earlier field has the same name, a number is added to it: `layers`, `layers (2)`.
  std::vector<AgreementField> job_fields{};
  /// The host of this process, for the choice of a GPU and for `mpi::place`. Without it: `this_host()`. Set
  /// it where that is wrong, or in a test that plays a job on several hosts.
  std::optional<HostIdentity> host{};
  /// The first of the `mpi::MpiTransport::tag_count` tags used on the caller's communicator. Must be the same
  /// on all ranks: it cannot be compared, since the messages that compare the other options carry it, so
  /// ranks with another first tag count as missing.
  int first_tag = default_first_tag;
  /// Called on every rank after every step. An exception from it ends the bring-up of all ranks.
  ProgressCallback on_progress{};
  /// Called from another thread if a blocking call has not returned at the deadline. Set it on all ranks or
  /// on none, which is compared: without it, a rank in a blocking call does not answer the others.
  Watchdog::Callback on_stuck{};
};

/// The host of this process: the option, or without it `this_host()`.
[[nodiscard]] inline HostIdentity host_of(const BringUpOptions& options) {
  return options.host ? *options.host : this_host();
}

}  // namespace rankmesh
