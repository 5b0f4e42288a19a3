#include "program.hpp"

#include <utility>

#include "rankmesh/comm/agree_on_plan.hpp"

namespace rankmesh::simulate {
namespace {

using Part = Program::Part;

/// What a bring-up has the ranks agree on.
std::vector<AgreementField> fields_of(const CommunicatorPlan& plan, Arrivals arrivals) {
  const AgreementField added{.field = "arrivals",
                             .value = arrivals == Arrivals::once ? "once" : "before_each_step"};
  return plan_fields(plan.topology().config(), {.fields = {added}}, plan.topology().world_size());
}

/// What a bring-up of NCCL has them agree on besides.
void add_nccl_fields(std::vector<AgreementField>& fields, int ranks_per_identifier) {
  const std::vector<AgreementField> added = {
      {.field = "nccl_version", .value = "2.27.3"},
      {.field = "nccl_header", .value = "2.27.3"},
      {.field = "nccl_strategy", .value = "unique_id"},
      {.field = "nccl_blocking", .value = "false"},
      {.field = "ranks_per_identifier", .value = std::to_string(ranks_per_identifier)},
      {.field = "share_split_resources", .value = "false"},
      {.field = "host_communicators", .value = "false"},
      {.field = "allow_shared_device", .value = "false"}};
  fields.insert(fields.end(), added.begin(), added.end());
}

Part round(std::string step, std::vector<AgreementField> fields = {}) {
  return {.kind = Part::Kind::round, .step = std::move(step), .fields = std::move(fields)};
}

void add_mpi(std::vector<Part>& parts, const CommunicatorPlan& plan, Call call, Arrivals arrivals) {
  const auto add = [&](Part part) {
    if (arrivals == Arrivals::before_each_step) parts.push_back(round(part.step));
    parts.push_back(std::move(part));
  };
  add({.kind = Part::Kind::call, .step = "duplicate", .call = Call::duplicate});
  const std::size_t count = plan.steps().size();
  const std::size_t world_step = plan.world_step().value_or(count);
  for (std::size_t i = 0; i < count; ++i) {
    // The duplicate is the group.
    if (i == world_step) continue;
    add({.kind = Part::Kind::call,
         .step = std::string(plan.steps()[i].kind.name()),
         .call = call,
         .plan_step = i});
  }
  parts.push_back(round("completion"));
}

void add_nccl(std::vector<Part>& parts) {
  parts.push_back(round("device"));
  parts.push_back({.kind = Part::Kind::call, .step = "device", .call = Call::split_by_node});
  parts.push_back(round("device"));
  parts.push_back({.kind = Part::Kind::initialisation, .step = "initialisation"});
}

}  // namespace

Program program_of(Way way, const CommunicatorPlan& plan, Arrivals arrivals, int ranks_per_identifier) {
  Program program{.ranks_per_identifier = ranks_per_identifier};
  std::vector<AgreementField> fields = fields_of(plan, arrivals);
  if (way == Way::unique_id) add_nccl_fields(fields, ranks_per_identifier);
  program.parts.push_back(round("agreement", std::move(fields)));
  switch (way) {
    case Way::split:
      add_mpi(program.parts, plan, Call::split, arrivals);
      break;
    case Way::create_group:
      add_mpi(program.parts, plan, Call::create_group, arrivals);
      break;
    case Way::unique_id:
      add_nccl(program.parts);
      break;
  }
  return program;
}

}  // namespace rankmesh::simulate
