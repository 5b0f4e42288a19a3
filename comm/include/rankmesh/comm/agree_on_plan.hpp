#pragma once

#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/plan.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// What ranks agree on before they make communicators, in addition to the configuration.
struct PlanAgreement {
  /// Which kinds share communicators.
  PlanOptions plan{};
  /// Other values that must be the same on all ranks, for example the version of a library. If an earlier
  /// field has the same name, a number is added to it: `layers`, `layers (2)`.
  std::vector<AgreementField> fields{};
};

/// The fields of a configuration. The job is required to have `world_size` ranks, the size of the transport.
[[nodiscard]] std::vector<AgreementField> agreement_fields(const ParallelConfig& config, int world_size);

/// Everything that the plan follows from, as fields to agree on.
/// @param world_size the number of ranks in the job
[[nodiscard]] std::vector<AgreementField> plan_fields(const ParallelConfig& config, const PlanAgreement& what,
                                                      int world_size);

/// The first step of every bring-up: waits for all ranks, agrees on the build of rankmesh, the configuration,
/// the options of the plan and the given fields, and then checks the configuration.
/// @collective over the ranks of the transport
/// @throws DisagreementError, DeadlineError the same on every rank
/// @throws BringUpError the same on every other rank, if an exception of another type ended it on one, for
///         example std::bad_alloc
/// @throws ConfigError, RangeError the same on every rank, if all agree on an invalid configuration
[[nodiscard]] CommunicatorPlan agree_on_plan(AgreementSession& session, const ParallelConfig& config,
                                             const PlanAgreement& what);

}  // namespace rankmesh
