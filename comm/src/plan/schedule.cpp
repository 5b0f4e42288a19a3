#include "rankmesh/comm/schedule.hpp"

#include <algorithm>
#include <utility>

namespace rankmesh {
namespace {

using Action = BringUpStep::Action;
using Entry = BringUpStep::Entry;
using Steps = std::vector<BringUpStep>;

constexpr bool with_progress = true;

std::string text_of(bool value) {
  return value ? "true" : "false";
}

/// A communicator for each group of the plan. That of a group which is the world is a duplicate of the
/// caller's.
void add_mpi_communicators(Steps& steps, const CommunicatorPlan& plan, const ScheduleOptions& options) {
  const Entry entry = options.arrivals == Arrivals::once ? Entry::ordered : Entry::collective;
  if (options.duplicate_world && !plan.world_step()) {
    steps.push_back({Action::duplicate, entry, "world", std::nullopt, with_progress});
  }
  for (std::size_t i = 0; i < plan.steps().size(); ++i) {
    const Action action = i == plan.world_step() ? Action::duplicate : Action::create_group;
    steps.push_back({action, entry, std::string(plan.steps()[i].kind.name()), i, with_progress});
  }
}

void add_identifiers(Steps& steps, const NcclScheduleOptions& options) {
  const bool are_exchanged = options.strategy == NcclStrategy::unique_id;
  const Entry entry = are_exchanged ? Entry::concurrent : Entry::collective;
  steps.push_back({are_exchanged ? Action::exchange_identifiers : Action::broadcast_identifiers, entry,
                   "identifiers", std::nullopt, !are_exchanged});
  // A call that blocks must not start before every rank has all IDs it needs.
  if (options.blocking) steps.push_back({Action::complete, entry, "identifiers"});
}

void add_nccl_communicators(Steps& steps, const CommunicatorPlan& plan, const NcclScheduleOptions& options) {
  const Entry entry = options.blocking ? Entry::collective : Entry::concurrent;
  const bool is_split = options.strategy == NcclStrategy::nccl_split;
  if (is_split) steps.push_back({Action::initialise, entry, "world", std::nullopt, with_progress});
  for (std::size_t i = 0; i < plan.steps().size(); ++i) {
    const std::string name(plan.steps()[i].kind.name());
    if (is_split && i == plan.world_step()) {
      const Entry without_call = options.blocking ? Entry::ordered : Entry::concurrent;
      steps.push_back({Action::use_world, without_call, name, i, with_progress});
    } else {
      steps.push_back({is_split ? Action::split : Action::initialise, entry, name, i, with_progress});
    }
  }
  steps.push_back({Action::complete, entry, options.blocking ? "completion" : "initialisation"});
}

}  // namespace

std::string_view to_string(NcclStrategy strategy) noexcept {
  switch (strategy) {
    case NcclStrategy::unique_id:
      return "unique_id";
    case NcclStrategy::mpi_split:
      return "mpi_split";
    case NcclStrategy::nccl_split:
      return "nccl_split";
  }
  return "unknown";
}

std::vector<AgreementField> agreement_fields(const ScheduleOptions& options) {
  std::vector<AgreementField> fields = {
      {.field = "arrivals", .value = options.arrivals == Arrivals::once ? "once" : "before_each_step"},
      {.field = "on_stuck", .value = options.has_stuck_callback ? "set" : "not set"},
      {.field = "duplicate_world", .value = text_of(options.duplicate_world)}};
  if (!options.nccl) return fields;
  const NcclScheduleOptions& nccl = *options.nccl;
  const std::vector<AgreementField> nccl_fields = {
      {.field = "nccl_version", .value = nccl.library_version},
      {.field = "nccl_header", .value = nccl.header_version},
      {.field = "nccl_strategy", .value = std::string(to_string(nccl.strategy))},
      {.field = "nccl_blocking", .value = text_of(nccl.blocking)},
      {.field = "ranks_per_identifier", .value = std::to_string(nccl.ranks_per_identifier)},
      {.field = "share_split_resources", .value = text_of(nccl.share_split_resources)},
      {.field = "host_communicators", .value = text_of(nccl.host_communicators)},
      {.field = "allow_shared_device", .value = text_of(nccl.allow_shared_device)}};
  fields.insert(fields.end(), nccl_fields.begin(), nccl_fields.end());
  return fields;
}

Schedule::Schedule(const CommunicatorPlan& plan, const ScheduleOptions& options) {
  steps_.push_back({Action::agree, Entry::collective, "agreement", std::nullopt, with_progress});
  if (!options.nccl) {
    add_mpi_communicators(steps_, plan, options);
    steps_.push_back({Action::complete, Entry::collective, "completion"});
    return;
  }
  steps_.push_back({Action::choose_device, Entry::collective, "device", std::nullopt, with_progress});
  // No ID is made before all ranks have a device: NCCL keeps a thread and sockets for an ID that is not used.
  steps_.push_back({Action::complete, Entry::collective, "device"});
  if (makes_host_communicators(*options.nccl)) {
    add_mpi_communicators(steps_, plan, options);
    steps_.push_back({Action::complete, Entry::collective, "host communicators"});
  }
  add_identifiers(steps_, *options.nccl);
  add_nccl_communicators(steps_, plan, *options.nccl);
}

std::vector<std::span<const BringUpStep>> Schedule::blocks() const {
  std::vector<std::span<const BringUpStep>> result;
  const std::span<const BringUpStep> all = steps_;
  for (std::size_t first = 0; first < all.size();) {
    std::size_t last = first;
    if (all[first].entry == Entry::concurrent) {
      while (all[last].action != Action::complete) ++last;
    }
    result.push_back(all.subspan(first, last + 1 - first));
    first = last + 1;
  }
  return result;
}

std::size_t Schedule::progress_count() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      steps_.begin(), steps_.end(), [](const BringUpStep& step) { return step.reports_progress; }));
}

}  // namespace rankmesh
