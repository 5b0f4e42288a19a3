#pragma once

#include <nccl.h>

#include <vector>

#include "operations.hpp"

namespace rankmesh::nccl {

/// Starts to initialise the communicator of one step.
/// @param name what it is called in NCCL's logs, unless the config has a name
/// @param made the handle, also where the call fails: it is to be aborted then
[[nodiscard]] ncclResult_t start_init(const RankStep& step, std::vector<ncclUniqueId> identifiers,
                                      const CommunicatorConfig& config, const std::string& name,
                                      const HowToMake& how, ncclComm_t& made);
/// The call that it uses, for messages.
[[nodiscard]] const char* init_call(std::size_t identifiers) noexcept;

/// What a kind is made with.
[[nodiscard]] CommunicatorConfig config_of(const Options& options, GroupKind kind);
/// `tensor/3`.
[[nodiscard]] std::string name_of(const RankStep& step);

}  // namespace rankmesh::nccl
