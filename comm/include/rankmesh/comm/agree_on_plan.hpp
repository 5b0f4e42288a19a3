#pragma once

#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/plan.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// What ranks agree on before they make communicators, besides the configuration.
struct PlanAgreement {
  /// What the kinds share.
  PlanOptions plan{};
  /// What else must be the same on all ranks: the version of a library, a strategy.
  std::vector<AgreementField> fields{};
};

/// The fields of a configuration. The job is required to have `world_size` ranks, the size of the transport.
[[nodiscard]] std::vector<AgreementField> agreement_fields(const ParallelConfig& config, int world_size);

/// What the ranks of a job agree on before they make a plan: all that the plan follows from.
/// @param world_size ranks of the job that there are
[[nodiscard]] std::vector<AgreementField> plan_fields(const ParallelConfig& config, const PlanAgreement& what,
                                                      int world_size);

/// Waits for all ranks, agrees on the build of rankmesh, the configuration, the options of the plan and the
/// fields given, and only then judges the configuration: the first step of every bring-up.
/// @collective over the ranks of the transport
/// @throws DisagreementError, DeadlineError the same on every rank
/// @throws ConfigError, RangeError the same on every rank, where all agree on what is invalid
[[nodiscard]] CommunicatorPlan agree_on_plan(AgreementSession& session, const ParallelConfig& config,
                                             const PlanAgreement& what);

}  // namespace rankmesh
