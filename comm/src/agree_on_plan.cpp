#include "rankmesh/comm/agree_on_plan.hpp"

#include <string>

namespace rankmesh {
namespace {

std::string sharing_text(const PlanOptions& options) {
  std::string text;
  for (const auto& [kind, key] : options.sharing_keys) {
    text.append(text.empty() ? "" : ", ").append(kind.name()).append("=").append(key);
  }
  return text.empty() ? "none" : text;
}

std::string digest_text(const ParallelConfig& config, const PlanOptions& options) {
  try {
    return std::to_string(CommunicatorPlan(Topology(config), options).digest());
  } catch (const Error&) {
    return "none, since the configuration is invalid";
  }
}

}  // namespace

CommunicatorPlan agree_on_plan(Transport& transport, const ParallelConfig& config,
                               const PlanAgreement& what) {
  std::vector<AgreementField> fields = agreement_fields(config, transport.size());
  fields.push_back({.field = "sharing_keys", .value = sharing_text(what.plan)});
  fields.push_back({.field = "plan_digest", .value = digest_text(config, what.plan), .is_derived = true});
  fields.insert(fields.end(), what.fields.begin(), what.fields.end());
  agree(transport, fields, what.agreement);
  return CommunicatorPlan(Topology(config), what.plan);
}

}  // namespace rankmesh
