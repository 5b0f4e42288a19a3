#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "loggp.hpp"

namespace rankmesh::simulate {

/// The members of a call of MPI or NCCL, by position: their state when they enter the call and when they
/// leave it.
///
/// Each pattern is carried out message by message with the arithmetic of the network, but stage by stage over
/// all members instead of event by event: in a stage a member sends at most one message and then receives at
/// most one. Only rings, whose number of messages grows with the square of the members, use a closed form.
class Members {
 public:
  explicit Members(std::size_t size) : hosts_(size), counts_(size) {}
  explicit Members(std::vector<Host> hosts) : hosts_(std::move(hosts)), counts_(hosts_.size()) {}

  [[nodiscard]] int size() const noexcept { return static_cast<int>(hosts_.size()); }
  [[nodiscard]] Host& host(int position) { return hosts_[static_cast<std::size_t>(position)]; }
  [[nodiscard]] Counts counts(int position) const {
    Counts both = counts_[static_cast<std::size_t>(position)];
    return both += of_each_;
  }

  /// An all-reduce of a few bytes by recursive doubling: 2 log2(size) messages at each member (sent and
  /// received). If the size is not a power of two, each member beyond the largest power first sends its value
  /// to a partner below it, and receives the result from it at the end.
  void all_reduce(const LogGP& cost, std::int64_t bytes);
  /// An all-gather after Bruck: log2(size) stages, in each of which a member sends all contributions it has.
  /// @param bytes the size of each contribution
  void all_gather(const LogGP& cost, std::int64_t bytes);
  /// Each member sends its address to the root of its slice, and receives that of its neighbour when all
  /// members of the slice have sent theirs. The roots are the first members of the slices, see `slice_begin`.
  void check_in(const LogGP& cost, std::int64_t bytes, int roots);
  /// An all-gather in a ring: size - 1 stages, in each of which a member receives one contribution from the
  /// member before it and sends it on. O(size).
  void ring_all_gather(const LogGP& cost, std::int64_t bytes);

 private:
  /// One stage.
  /// @param to gives the position that a member sends to, -1 for none
  template <typename To>
  void exchange(const LogGP& cost, std::int64_t bytes, To&& to);
  template <typename To>
  void count(std::int64_t bytes, int senders, To&& to);
  void check_in(const LogGP& cost, std::int64_t bytes, int first, int last);
  Counts& counts_at(int position) { return counts_[static_cast<std::size_t>(position)]; }

  std::vector<Host> hosts_;
  std::vector<Counts> counts_;
  /// Counts that every member has in addition.
  Counts of_each_{};
  /// When the message of a stage arrives at each member; negative for none.
  std::vector<Time> coming_{};
};

}  // namespace rankmesh::simulate
