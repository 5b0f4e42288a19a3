// The connections of the children of a communicator.
#include <algorithm>
#include <map>

#include "exchange.hpp"
#include "rendezvous.hpp"

namespace rankmesh::nccl_double {

namespace {

/// The ranks of the parent in each child, in the child's order.
std::map<int, std::vector<int>> children_of(const std::vector<SplitChoice>& choices) {
  std::map<int, std::vector<int>> children;
  for (std::size_t rank = 0; rank < choices.size(); ++rank) {
    if (choices[rank].color != NCCL_SPLIT_NOCOLOR)
      children[choices[rank].color].push_back(static_cast<int>(rank));
  }
  for (auto& [color, members] : children) {
    std::stable_sort(members.begin(), members.end(), [&](int left, int right) {
      return choices[static_cast<std::size_t>(left)].key < choices[static_cast<std::size_t>(right)].key;
    });
  }
  return children;
}

ncclResult_t send_end(int fd, int child_rank, int end, int cancel) {
  const std::int32_t tag = child_rank;
  return send_with_descriptor(fd, std::as_bytes(std::span(&tag, 1)), end, cancel);
}

ncclResult_t receive_end(int fd, std::int32_t& child_rank, Descriptor& end, int cancel) {
  return receive_with_descriptor(fd, std::as_writable_bytes(std::span(&child_rank, 1)), end, cancel);
}

/// Rank 0 of the parent: passes one end of each member's socket pair to rank 0 of the child.
ncclResult_t distribute_ends(Star& parent, const std::map<int, std::vector<int>>& children,
                             Descriptor own_end, Star& child, int cancel) {
  for (const auto& [color, members] : children) {
    const auto leader = static_cast<std::size_t>(members[0]);
    for (std::size_t i = 1; i < members.size(); ++i) {
      std::int32_t child_rank = static_cast<std::int32_t>(i);
      Descriptor end;
      if (members[i] == 0) {
        end = std::move(own_end);
      } else {
        const int peer = parent.peers[static_cast<std::size_t>(members[i])].get();
        const ncclResult_t result = receive_end(peer, child_rank, end, cancel);
        if (result != ncclSuccess) return result;
      }
      if (leader == 0) {
        child.peers[i] = std::move(end);
        continue;
      }
      const ncclResult_t result = send_end(parent.peers[leader].get(), child_rank, end.get(), cancel);
      if (result != ncclSuccess) return result;
    }
  }
  return ncclSuccess;
}

/// The other ranks: a member sends one end of a socket pair; rank 0 of a child receives those of the members.
ncclResult_t trade_ends(const Star& parent, Descriptor own_end, Star& child, int cancel) {
  const int hub = parent.peers[0].get();
  if (!child.is_hub()) return send_end(hub, child.rank, own_end.get(), cancel);
  for (int i = 1; i < child.size; ++i) {
    std::int32_t child_rank = 0;
    Descriptor end;
    const ncclResult_t result = receive_end(hub, child_rank, end, cancel);
    if (result != ncclSuccess) return result;
    child.peers.at(static_cast<std::size_t>(child_rank)) = std::move(end);
  }
  return ncclSuccess;
}

}  // namespace

ncclResult_t split_star(Star& parent, const SplitChoice& choice, Star& child, int cancel) {
  std::vector<SplitChoice> choices;
  ncclResult_t result = gather_values(parent, RequestKind::split, choice, choices, cancel);
  if (result != ncclSuccess) return result;
  const std::map<int, std::vector<int>> children = children_of(choices);
  const bool takes_part = choice.color != NCCL_SPLIT_NOCOLOR;
  Descriptor far_end;
  if (takes_part) {
    const std::vector<int>& members = children.at(choice.color);
    child.size = static_cast<int>(members.size());
    child.rank = static_cast<int>(std::find(members.begin(), members.end(), parent.rank) - members.begin());
    child.peers.resize(child.is_hub() ? members.size() : 1);
    if (!child.is_hub()) {
      auto [near, far] = socket_pair();
      if (!near) return ncclSystemError;
      child.peers[0] = std::move(near);
      far_end = std::move(far);
    }
  }
  if (parent.is_hub()) {
    result = distribute_ends(parent, children, std::move(far_end), child, cancel);
    if (result != ncclSuccess) parent.peers.clear();  // ends the wait of other ranks for this one
    return result;
  }
  return takes_part ? trade_ends(parent, std::move(far_end), child, cancel) : ncclSuccess;
}

}  // namespace rankmesh::nccl_double
