#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace rankmesh::bringup {

/// Called repeatedly while an operation waits for other ranks. It ends the wait by throwing. The operations
/// object must then be kept, unused, until the process ends, because the library may still write to it.
using WhileWaiting = std::function<void()>;

/// The operations of a proof in one communicator, for any library.
class GroupOperations {
 public:
  GroupOperations() = default;
  GroupOperations(const GroupOperations&) = delete;
  GroupOperations& operator=(const GroupOperations&) = delete;
  virtual ~GroupOperations() = default;

  /// The number of members.
  /// @throws Error if the library reports an error, as all functions of this class
  [[nodiscard]] virtual int size() = 0;
  /// The position of this rank.
  [[nodiscard]] virtual int position() = 0;
  /// The element-wise sum over the members, modulo 2^64.
  /// @collective over the members
  [[nodiscard]] virtual std::vector<std::uint64_t> sum(const std::vector<std::uint64_t>& own,
                                                       const WhileWaiting& while_waiting) = 0;
  /// The values of all members, by position.
  /// @collective over the members
  [[nodiscard]] virtual std::vector<int> gather(int own, const WhileWaiting& while_waiting) = 0;
};

}  // namespace rankmesh::bringup
