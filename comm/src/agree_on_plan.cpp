#include "rankmesh/comm/agree_on_plan.hpp"

#include <optional>
#include <string>
#include <utility>

namespace rankmesh {
namespace {

void add_fields(std::vector<AgreementField>& fields, const std::string& name,
                const std::map<GroupKind, std::string>& texts) {
  for (const auto& [kind, text] : texts) {
    fields.push_back({.field = name + "." + std::string(kind.name()), .value = text});
  }
}

/// Nothing where the configuration is invalid: that is told once all ranks are known to have the same.
std::optional<CommunicatorPlan> plan_of(const ParallelConfig& config, const PlanOptions& options) {
  try {
    return CommunicatorPlan(Topology(config), options);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

CommunicatorPlan agree_on_plan(Rounds& rounds, const ParallelConfig& config, const PlanAgreement& what) {
  std::optional<CommunicatorPlan> plan = plan_of(config, what.plan);
  std::vector<AgreementField> fields = agreement_fields(config, rounds.transport().size());
  fields.push_back({.field = "rankmesh_version", .value = RANKMESH_VERSION});
  add_fields(fields, "sharing_key", what.plan.sharing_keys);
  add_fields(fields, "options", what.plan.communicator_options);
  fields.push_back(
      {.field = "plan_digest",
       .value = plan ? std::to_string(plan->digest()) : "none, since the configuration is invalid",
       .is_derived = true});
  fields.insert(fields.end(), what.fields.begin(), what.fields.end());
  agree(rounds, fields);
  // Where there is no plan, making it says why.
  return plan ? std::move(*plan) : CommunicatorPlan(Topology(config), what.plan);
}

}  // namespace rankmesh
