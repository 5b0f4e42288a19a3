#include "rankmesh/comm/agree_on_plan.hpp"

#include <string>

namespace rankmesh {
namespace {

void add_fields(std::vector<AgreementField>& fields, const std::string& name,
                const std::map<GroupKind, std::string>& texts) {
  for (const auto& [kind, text] : texts) {
    fields.push_back({.field = name + "." + std::string(kind.name()), .value = text});
  }
}

std::string digest_text(const ParallelConfig& config, const PlanOptions& options) {
  try {
    return std::to_string(CommunicatorPlan(Topology(config), options).digest());
  } catch (const Error&) {
    return "none, since the configuration is invalid";
  }
}

}  // namespace

CommunicatorPlan agree_on_plan(Rounds& rounds, const ParallelConfig& config, const PlanAgreement& what) {
  std::vector<AgreementField> fields = agreement_fields(config, rounds.transport().size());
  fields.push_back({.field = "rankmesh_version", .value = RANKMESH_VERSION});
  add_fields(fields, "sharing_key", what.plan.sharing_keys);
  add_fields(fields, "options", what.plan.communicator_options);
  fields.push_back({.field = "plan_digest", .value = digest_text(config, what.plan), .is_derived = true});
  fields.insert(fields.end(), what.fields.begin(), what.fields.end());
  agree(rounds, fields);
  return CommunicatorPlan(Topology(config), what.plan);
}

}  // namespace rankmesh
