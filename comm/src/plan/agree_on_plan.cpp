#include "rankmesh/comm/agree_on_plan.hpp"

#include <optional>
#include <string>
#include <utility>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/topology/config_text.hpp"

namespace rankmesh {
namespace {

void add_fields(std::vector<AgreementField>& fields, const std::string& name,
                const std::map<GroupKind, std::string>& texts) {
  for (const auto& [kind, text] : texts) {
    fields.push_back({.field = name + "." + std::string(kind.name()), .value = text});
  }
}

/// Nothing if the configuration is invalid: the error is thrown once all ranks are known to have the same
/// one.
std::optional<CommunicatorPlan> plan_of(const ParallelConfig& config, const PlanOptions& options) {
  try {
    return CommunicatorPlan(Topology(config), options);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<AgreementField> agreement_fields(const ParallelConfig& config, int world_size) {
  // A job has the size that the configuration says, or ends with the last rank of the layout.
  const std::string_view size_field = config.job_size ? "job_size" : "world_size";
  const std::int64_t required = config.job_size ? world_size : world_size - config.rank_offset;
  std::vector<AgreementField> fields;
  std::vector<FieldText> texts = field_texts(config);
  // Room for the fields of the plan and of the job.
  constexpr std::size_t more = 8;
  fields.reserve(texts.size() + more);
  for (FieldText& text : texts) {
    AgreementField& field = fields.emplace_back();
    if (text.field == size_field) field.required = std::to_string(required);
    field.field = std::move(text.field);
    field.value = std::move(text.value);
  }
  return fields;
}

std::vector<AgreementField> plan_fields(const ParallelConfig& config, const PlanAgreement& what,
                                        int world_size) {
  std::vector<AgreementField> fields = agreement_fields(config, world_size);
  // A plan follows from the configuration, the options and the code: ranks must run the same build.
  fields.push_back({.field = "rankmesh_build", .value = RANKMESH_BUILD});
  add_fields(fields, "sharing_key", what.plan.sharing_keys);
  add_fields(fields, "options", what.plan.communicator_options);
  fields.insert(fields.end(), what.fields.begin(), what.fields.end());
  return fields;
}

CommunicatorPlan agree_on_plan(AgreementSession& session, const ParallelConfig& config,
                               const PlanAgreement& what) {
  Agreement agreement(session, plan_fields(config, what, session.transport().size()), {});
  // The plan is made while the reports travel.
  static_cast<void>(agreement.step());
  std::optional<CommunicatorPlan> plan = plan_of(config, what.plan);
  finish(agreement, session);
  // Without a plan, making it again throws the reason.
  return plan ? std::move(*plan) : CommunicatorPlan(Topology(config), what.plan);
}

}  // namespace rankmesh
