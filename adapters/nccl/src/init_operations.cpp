#include <utility>

#include "init.hpp"
#include "native_config.hpp"

namespace rankmesh::nccl {

CommunicatorConfig config_of(const Options& options, GroupKind kind) {
  const auto found = options.kinds.find(kind);
  return found == options.kinds.end() ? CommunicatorConfig{} : found->second.communicator;
}

std::string name_of(const RankStep& step) {
  return std::string(step.kind.name()) + "/" + std::to_string(*step.group);
}

const char* init_call(std::size_t identifiers) noexcept {
  if (identifiers > 1) return "ncclCommInitRankScalable";
  return usable_version() >= first_with_config ? "ncclCommInitRankConfig" : "ncclCommInitRank";
}

ncclResult_t start_init(const RankStep& step, std::vector<ncclUniqueId> identifiers,
                        [[maybe_unused]] const CommunicatorConfig& config,
                        [[maybe_unused]] const std::string& name, [[maybe_unused]] const HowToMake& how,
                        ncclComm_t& made) {
#if RANKMESH_NCCL_HAS_CONFIG
  if (usable_version() >= first_with_config) {
    ncclConfig_t native = native_config(config, how.blocking, name, how.kept);
#if RANKMESH_NCCL_HAS_SCALABLE_INIT
    if (identifiers.size() > 1) {
      return ncclCommInitRankScalable(&made, step.size, step.position, static_cast<int>(identifiers.size()),
                                      identifiers.data(), &native);
    }
#endif
    return ncclCommInitRankConfig(&made, step.size, identifiers.front(), step.position, &native);
  }
#endif
  return ncclCommInitRank(&made, step.size, identifiers.front(), step.position);
}

InitOperations::InitOperations(const std::vector<RankStep>& steps, Identifiers& identifiers, HowToMake how)
    : steps_(steps),
      identifiers_(identifiers),
      how_(how),
      made_(steps.size()) {}

Operations::Name InitOperations::name(std::size_t operation) const {
  const RankStep& step = steps_[operation];
  return {.call = init_call(identifiers_.of(operation).size()),
          .part = std::string(step.kind.name()),
          .step = &step};
}

bool InitOperations::has_identifiers(std::size_t operation) const {
  return !steps_[operation].group || !identifiers_.of(operation).empty();
}

ncclResult_t InitOperations::start(std::size_t operation) {
  const RankStep& step = steps_[operation];
  if (!step.group) return ncclSuccess;
  ncclComm_t made = nullptr;
  const ncclResult_t result = start_init(step, identifiers_.of(operation), config_of(how_.options, step.kind),
                                         name_of(step), how_, made);
  made_[operation] = Communicator::from_native_handle(made);
  return result;
}

ncclResult_t InitOperations::state(std::size_t operation) {
  return steps_[operation].group ? state_of(made_[operation].native()) : ncclSuccess;
}

int InitOperations::abandoned_identifiers(const std::vector<bool>& done) const {
  int count = 0;
  for (std::size_t operation = 0; operation < steps_.size(); ++operation) {
    if (!done[operation]) count += identifiers_.made(operation);
  }
  return count;
}

}  // namespace rankmesh::nccl
