#include "communicator_maker.hpp"

#include <optional>
#include <utility>

#include "library.hpp"
#include "native_config.hpp"

namespace rankmesh::nccl {
namespace {

using Action = BringUpStep::Action;

/// `tensor/3`: the name of a communicator in NCCL's logs.
std::string name_of(const RankStep& step) {
  return std::string(step.kind.name()) + "/" + std::to_string(*step.group);
}

/// Aborts a communicator, without waiting for another rank.
void abort(Communicator& communicator) noexcept {
  if (!communicator.is_empty()) ncclCommAbort(communicator.release());
}

}  // namespace

CommunicatorMaker::CommunicatorMaker(const rankmesh::BringUp& bring_up, const Options& options,
                                     const Identifiers& identifiers, OlderCommunicators older,
                                     std::list<std::string>& names)
    : bring_up_(bring_up),
      options_(options),
      identifiers_(identifiers),
      names_(names),
      slots_(bring_up.rank_steps().size() + 1) {
  for (std::size_t i = 0; i < older.size(); ++i) slots_[i].older = std::move(older[i]);
}

CommunicatorMaker::~CommunicatorMaker() {
  // The world goes first: aborting the parent ends a split under way.
  if (ncclComm_t world = std::exchange(at(std::nullopt).native, nullptr)) ncclCommAbort(world);
  for (Slot& slot : slots_) {
    slot.shrink.reset();
    if (slot.native != nullptr) ncclCommAbort(slot.native);
    if (slot.older) abort(slot.older->communicator);
  }
}

RankStep CommunicatorMaker::rank_step(PlanStep step) const {
  if (step) return bring_up_.rank_steps()[*step];
  return {.kind = GroupKind("world"),
          .group = 0,
          .position = bring_up_.rank(),
          .size = bring_up_.plan().topology().world_size(),
          .leader = 0};
}

const char* CommunicatorMaker::call(const BringUpStep& step) const {
  if (step.action == Action::split) return "ncclCommSplit";
  if (slots_[index_of(step.plan_step)].shrink) return "ncclCommShrink";
  const auto& identifiers = identifiers_.of(step.plan_step);
  return identifiers && identifiers->size() > 1 ? "ncclCommInitRankScalable" : "ncclCommInitRankConfig";
}

void CommunicatorMaker::require_success(const BringUpStep& step, ncclResult_t result) const {
  if (!is_failure(result)) return;
  const RankStep* const for_step = step.plan_step ? &bring_up_.rank_steps()[*step.plan_step] : nullptr;
  throw error_of(call(step), result, for_step);
}

void CommunicatorMaker::make(const BringUpStep& step) {
  require_success(step, start(step));
  at(step.plan_step).progress = Progress::done;
}

bool CommunicatorMaker::advance(const BringUpStep& step, bool is_next) {
  Slot& slot = at(step.plan_step);
  if (slot.progress == Progress::not_started) {
    if (step.action != Action::initialise && !is_next) return false;
    const bool needs_identifiers = step.action == Action::initialise && rank_step(step.plan_step).group;
    if (needs_identifiers && !identifiers_.of(step.plan_step)) return false;
    slot.progress = Progress::started;
    require_success(step, start(step));
  }
  const ncclResult_t result = state(step);
  require_success(step, result);
  if (result != ncclSuccess) return false;
  slot.progress = Progress::done;
  return true;
}

ncclResult_t CommunicatorMaker::start(const BringUpStep& step) {
  switch (step.action) {
    case Action::initialise:
      return initialise(step);
    case Action::split:
      return split(step);
    default:
      return ncclSuccess;
  }
}

ncclResult_t CommunicatorMaker::initialise(const BringUpStep& step) {
  const RankStep own = rank_step(step.plan_step);
  if (!own.group) return ncclSuccess;
  std::vector<ncclUniqueId> identifiers = identifiers_.of(step.plan_step).value();
  if (identifiers.empty()) return go_on(step);
  // Another member has it no more. First, so that its memory is free.
  if (auto& older = at(step.plan_step).older) abort(older->communicator);
  ncclConfig_t config = config_of(step.plan_step);
  ncclComm_t& made = at(step.plan_step).native;
#if RANKMESH_NCCL_HAS_SCALABLE_INIT
  if (identifiers.size() > 1) {
    return ncclCommInitRankScalable(&made, own.size, own.position, static_cast<int>(identifiers.size()),
                                    identifiers.data(), &config);
  }
#endif
  return ncclCommInitRankConfig(&made, own.size, identifiers.front(), own.position, &config);
}

ncclResult_t CommunicatorMaker::go_on(const BringUpStep& step) {
  Slot& slot = at(step.plan_step);
  OlderCommunicator& older = slot.older.value();
  if (older.left_out.empty()) {
    slot.native = older.communicator.release();
    return ncclSuccess;
  }
  ncclConfig_t config = config_of(step.plan_step);
  slot.shrink = std::make_unique<Shrink>(std::move(older.communicator));
  return slot.shrink->begin(older.left_out, &config);
}

ncclResult_t CommunicatorMaker::split(const BringUpStep& step) {
  const RankStep own = rank_step(step.plan_step);
  ncclComm_t world = at(std::nullopt).native;
  ncclComm_t& made = at(step.plan_step).native;
  // A split is collective over the world: a rank in no group takes part too.
  if (!own.group) return ncclCommSplit(world, NCCL_SPLIT_NOCOLOR, 0, &made, nullptr);
  ncclConfig_t config = config_of(step.plan_step);
  return ncclCommSplit(world, *own.group, own.position, &made, &config);
}

ncclResult_t CommunicatorMaker::state(const BringUpStep& step) {
  if (step.action != Action::initialise) {
    const ncclResult_t world = state_of(at(std::nullopt).native);
    if (world != ncclSuccess) return world;
  }
  if (step.action == Action::use_world || !rank_step(step.plan_step).group) return ncclSuccess;
  const Slot& slot = at(step.plan_step);
  if (slot.shrink) return slot.shrink->state();
  return slot.native == nullptr ? ncclInternalError : state_of(slot.native);
}

ncclConfig_t CommunicatorMaker::config_of(PlanStep step) {
  CommunicatorConfig config;
  std::string name = "world";
  if (step) {
    const RankStep own = rank_step(step);
    name = name_of(own);
    if (const auto found = options_.kinds.find(own.kind); found != options_.kinds.end()) {
      config = found->second.communicator;
    }
  } else {
    if (options_.share_split_resources) config.split_share = true;
    if (const auto world_step = bring_up_.plan().world_step()) name = name_of(rank_step(*world_step));
  }
  return native_config(config, options_.blocking, name, names_);
}

CommunicatorMaker::Communicators CommunicatorMaker::take() {
  Communicators made;
  for (Slot& slot : slots_) {
    if (slot.shrink) slot.native = slot.shrink->take().release();
    slot.shrink.reset();
    made.of_step.push_back(Communicator::from_native_handle(std::exchange(slot.native, nullptr)));
  }
  made.world = std::move(made.of_step.back());
  made.of_step.pop_back();
  const auto world_step = bring_up_.plan().world_step();
  if (world_step && !made.world.is_empty()) made.of_step[*world_step] = std::move(made.world);
  return made;
}

int CommunicatorMaker::abandoned_identifiers() const {
  int count = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const PlanStep step = i + 1 < slots_.size() ? PlanStep(i) : std::nullopt;
    if (slots_[i].progress != Progress::done) count += identifiers_.made(step);
  }
  return count;
}

}  // namespace rankmesh::nccl
