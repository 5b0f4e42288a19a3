#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace rankmesh::bringup {

/// Called again and again while an operation waits for the other members. Throws to break the wait off; the
/// operation must then be kept, unused, until the process ends, since the library may still write to it.
using WhileWaiting = std::function<void()>;

/// What a proof asks of one communicator, whatever library made it.
class GroupOperations {
 public:
  GroupOperations() = default;
  GroupOperations(const GroupOperations&) = delete;
  GroupOperations& operator=(const GroupOperations&) = delete;
  virtual ~GroupOperations() = default;

  /// How many members there are.
  /// @throws Error if the library reports one; so do all of these
  [[nodiscard]] virtual int size() = 0;
  /// The position of this rank.
  [[nodiscard]] virtual int position() = 0;
  /// Sums over the members, modulo 2^64, each element apart.
  /// @collective over the members
  [[nodiscard]] virtual std::vector<std::uint64_t> sum(const std::vector<std::uint64_t>& own,
                                                       const WhileWaiting& while_waiting) = 0;
  /// What each member gives, by position.
  /// @collective over the members
  [[nodiscard]] virtual std::vector<int> gather(int own, const WhileWaiting& while_waiting) = 0;
};

}  // namespace rankmesh::bringup
