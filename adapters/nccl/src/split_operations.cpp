#include <utility>

#include "init.hpp"
#include "native_config.hpp"

namespace rankmesh::nccl {

#if RANKMESH_NCCL_HAS_SPLIT
namespace {

/// Operation 0 makes the world, operation 1 + s makes step s.
constexpr std::size_t world_operation = 0;

std::size_t step_of(std::size_t operation) {
  return operation - 1;
}

}  // namespace

SplitOperations::SplitOperations(const std::vector<RankStep>& steps, World world, Identifiers& identifiers,
                                 HowToMake how)
    : steps_(steps),
      how_world_(world),
      identifiers_(identifiers),
      how_(how),
      children_(steps.size(), nullptr) {}

SplitOperations::~SplitOperations() {
  // Left over only where the bring-up failed. The parent goes first: aborting it ends a split under way.
  if (world_.is_empty()) return;
  ncclCommAbort(world_.release());
  for (ncclComm_t child : children_) {
    if (child != nullptr) ncclCommAbort(child);
  }
}

Operations::Name SplitOperations::name(std::size_t operation) const {
  if (operation == world_operation) return {.call = init_call(identifiers_.of(0).size()), .part = "world"};
  const RankStep& step = steps_[step_of(operation)];
  return {.call = "ncclCommSplit", .part = std::string(step.kind.name()), .step = &step};
}

bool SplitOperations::has_identifiers(std::size_t operation) const {
  return operation != world_operation || !identifiers_.of(0).empty();
}

// All ranks split the world in the same order, those as well that have no part in a step.
std::optional<std::size_t> SplitOperations::comes_after(std::size_t operation) const {
  if (operation == world_operation) return std::nullopt;
  return operation - 1;
}

ncclResult_t SplitOperations::start(std::size_t operation) {
  if (operation == world_operation) {
    CommunicatorConfig config;
    if (how_.options.share_split_resources) config.split_share = true;
    const std::string name = how_world_.step ? name_of(steps_[*how_world_.step]) : "world";
    ncclComm_t made = nullptr;
    const ncclResult_t result = start_init(how_world_.made_as, identifiers_.of(0), config, name, how_, made);
    world_ = Communicator::from_native_handle(made);
    return result;
  }
  const RankStep& step = steps_[step_of(operation)];
  if (step.step == how_world_.step) return ncclSuccess;
  if (!step.group)
    return ncclCommSplit(world_.native(), NCCL_SPLIT_NOCOLOR, 0, &children_[step.step], nullptr);
  ncclConfig_t native =
      native_config(config_of(how_.options, step.kind), how_.blocking, name_of(step), how_.kept);
  return ncclCommSplit(world_.native(), *step.group, step.position, &children_[step.step], &native);
}

ncclResult_t SplitOperations::state(std::size_t operation) {
  const ncclResult_t parent = state_of(world_.native());
  if (operation == world_operation || parent != ncclSuccess) return parent;
  const RankStep& step = steps_[step_of(operation)];
  if (!step.group || step.step == how_world_.step) return ncclSuccess;
  ncclComm_t child = children_[step.step];
  return child == nullptr ? ncclInternalError : state_of(child);
}

Operations::Made SplitOperations::take() {
  Made made{.world = std::move(world_), .by_step = {}};
  for (ncclComm_t& child : children_) {
    made.by_step.push_back(Communicator::from_native_handle(std::exchange(child, nullptr)));
  }
  if (how_world_.step) made.by_step[*how_world_.step] = std::move(made.world);
  return made;
}

int SplitOperations::abandoned_identifiers(const std::vector<bool>& done) const {
  return done[world_operation] ? 0 : identifiers_.made(0);
}
#endif

}  // namespace rankmesh::nccl
