#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "loggp.hpp"

namespace rankmesh::simulate {

/// The members of a call that a library makes with messages of its own, by position: their state when they
/// enter, and when they leave.
///
/// Each pattern is carried out message by message with the arithmetic of the network, but stage by stage over
/// all members instead of event by event: within a stage a member sends at most one message and then takes at
/// most one. Only the rings, whose messages are as many as the square of the members, are summed up.
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

  /// An all-reduce of a few bytes by recursive doubling, 2 log2(size) messages at each member (sent and
  /// received). Where the size is no power of two, the members beyond the last one hand their value to one
  /// inside first, and get the result from it at the end.
  void all_reduce(const LogGP& cost, std::int64_t bytes);
  /// An all-gather after Bruck: log2(size) stages, in which a member passes on all it has by then.
  /// @param bytes what each member contributes
  void all_gather(const LogGP& cost, std::int64_t bytes);
  /// Each member tells a root where it is, and gets the address of its neighbour when all of its slice have
  /// come. The roots are the first members of slices of nearly equal length, the longer ones first.
  void check_in(const LogGP& cost, std::int64_t bytes, int roots);
  /// An all-gather in a ring: size - 1 stages, in each of which a member takes one contribution from the one
  /// before and passes it on. O(size).
  void ring_all_gather(const LogGP& cost, std::int64_t bytes);

 private:
  /// One stage. @param to the position a member sends to, -1 for none
  template <typename To>
  void exchange(const LogGP& cost, std::int64_t bytes, To&& to);
  template <typename To>
  void count(std::int64_t bytes, int senders, To&& to);
  void check_in(const LogGP& cost, std::int64_t bytes, int first, int last);
  Counts& counts_at(int position) { return counts_[static_cast<std::size_t>(position)]; }

  std::vector<Host> hosts_;
  std::vector<Counts> counts_;
  /// What every member sent and received besides.
  Counts of_each_{};
  /// When the message of a stage comes to each member; none if it is negative.
  std::vector<Time> coming_{};
};

}  // namespace rankmesh::simulate
