#include "before.hpp"

#include <cstddef>

#include "library.hpp"
#include "rankmesh/comm/generation.hpp"

namespace rankmesh::nccl {

OlderCommunicators Communicators::Before::take(const CommunicatorPlan& next, int rank, bool shrinks,
                                               std::list<std::string>& names) const {
  Owned& old = *communicators.owned_;
  const int process = next_process_of_rank[static_cast<std::size_t>(rank)];
  const auto found =
      predecessors({communicators.plan(), process_of_rank}, {next, next_process_of_rank}, process);
  OlderCommunicators older(found.size());
  for (std::size_t step = 0; step < found.size(); ++step) {
    if (!found[step]) continue;
    if (!shrinks && !found[step]->left_out.empty()) continue;
    OlderCommunicator& one = older[step].emplace();
    one.left_out = found[step]->left_out;
    ncclComm_t native = old.set.native_of(found[step]->step);
    // NCCL 2.31 refuses to shrink what has an error or is in progress, see ncclCommEnsureReady in init.cc.
    if (native != nullptr && state_of(native) == ncclSuccess) {
      one.communicator = old.set.release_step(found[step]->step);
    }
  }
  names.splice(names.end(), old.names);
  communicators.abort();
  return older;
}

}  // namespace rankmesh::nccl
