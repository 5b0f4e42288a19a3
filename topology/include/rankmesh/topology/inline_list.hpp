#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>

#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// A few values in place, without an allocation. Room that is not used is neither written nor copied, so a
/// list costs what is in it.
/// @tparam Capacity the most values that it holds
template <typename T, std::size_t Capacity>
class InlineList {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// An empty list.
  InlineList() noexcept {}  // NOLINT(modernize-use-equals-default): the room is left as it is
  /// The values of another list.
  InlineList(const InlineList& other) noexcept { *this = other; }
  /// Likewise.
  InlineList& operator=(const InlineList& other) noexcept {
    if (this == &other) return *this;
    size_ = other.size_;
    std::uninitialized_copy_n(other.values_, size_, values_);
    return *this;
  }
  ~InlineList() = default;

  /// Adds a value. There must be room.
  void push_back(const T& value) noexcept { std::construct_at(values_ + size_++, value); }

  /// How many values there are.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Whether there is none.
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// The values, one after another.
  [[nodiscard]] const T* data() const noexcept { return values_; }
  /// The first.
  [[nodiscard]] const T* begin() const noexcept { return values_; }
  /// Behind the last.
  [[nodiscard]] const T* end() const noexcept { return values_ + size_; }
  /// The first, to change or sort.
  [[nodiscard]] T* begin() noexcept { return values_; }
  /// Behind the last, likewise.
  [[nodiscard]] T* end() noexcept { return values_ + size_; }
  /// The value at a place, which must exist.
  [[nodiscard]] const T& operator[](std::size_t place) const noexcept { return values_[place]; }
  /// The last value, which must exist.
  [[nodiscard]] const T& back() const noexcept { return values_[size_ - 1]; }
  /// The last value, to change.
  [[nodiscard]] T& back() noexcept { return values_[size_ - 1]; }

  /// Whether both hold the same values.
  friend bool operator==(const InlineList& a, const InlineList& b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::size_t size_ = 0;
  /// In a union, so that nothing begins to live before it is put there.
  union {
    T values_[Capacity];
  };
};

}  // namespace rankmesh
