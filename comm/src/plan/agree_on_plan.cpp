#include "rankmesh/comm/agree_on_plan.hpp"

#include <algorithm>
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

/// Numbers the fields from `first` on whose name an earlier field has: `layers`, `layers (2)`. Fields are
/// compared by name.
void number_repeated_names(std::vector<AgreementField>& fields, std::size_t first) {
  for (auto field = fields.begin() + static_cast<std::ptrdiff_t>(first); field != fields.end(); ++field) {
    const std::string name = field->field;
    const auto is_taken = [&](const AgreementField& earlier) { return earlier.field == field->field; };
    for (int number = 2; std::any_of(fields.begin(), field, is_taken); ++number) {
      field->field = name + " (" + std::to_string(number) + ")";
    }
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
  const PlanOptions defaults;
  const auto add_selection = [&](const char* name, const KindSelection& value, const KindSelection& usual) {
    if (value != usual) fields.push_back({.field = name, .value = value.to_string()});
  };
  add_selection("only", what.plan.only, defaults.only);
  add_selection("groups_of_one", what.plan.groups_of_one, defaults.groups_of_one);
  add_selection("lazy", what.plan.lazy, defaults.lazy);
  add_fields(fields, "sharing_key", what.plan.sharing_keys);
  add_fields(fields, "options", what.plan.communicator_options);
  const std::size_t first = fields.size();
  fields.insert(fields.end(), what.fields.begin(), what.fields.end());
  number_repeated_names(fields, first);
  return fields;
}

CommunicatorPlan agree_on_plan(AgreementSession& session, const ParallelConfig& config,
                               const PlanAgreement& what) {
  std::optional<CommunicatorPlan> plan = run_or_abandon(session, [&] {
    // Before this rank counts as arrived, since the other ranks may go on as soon as it does.
    std::optional<CommunicatorPlan> made = plan_of(config, what.plan);
    Agreement agreement(session, plan_fields(config, what, session.transport().size()), {});
    finish(agreement, session);
    return made;
  });
  // Without a plan, making it again throws the reason.
  return plan ? std::move(*plan) : CommunicatorPlan(Topology(config), what.plan);
}

}  // namespace rankmesh
