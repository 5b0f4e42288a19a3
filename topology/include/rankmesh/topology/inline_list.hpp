#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>

#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// A list of few values that are stored in place, without an allocation. Unused capacity is neither written
/// nor copied, so the cost is that of the values in the list.
/// @tparam Capacity the most values that the list can hold
template <typename T, std::size_t Capacity>
class InlineList {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// An empty list.
  InlineList() noexcept {}  // NOLINT(modernize-use-equals-default): leaves the capacity unwritten
  /// A copy of another list.
  InlineList(const InlineList& other) noexcept { *this = other; }
  /// Replaces the values by those of another list.
  InlineList& operator=(const InlineList& other) noexcept {
    if (this == &other) return *this;
    size_ = other.size_;
    std::uninitialized_copy_n(other.values_, size_, values_);
    return *this;
  }
  ~InlineList() = default;

  /// Appends a value. The list must not be full.
  void push_back(const T& value) noexcept { std::construct_at(values_ + size_++, value); }

  /// The number of values.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Whether there are no values.
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// The values, stored contiguously.
  [[nodiscard]] const T* data() const& noexcept { return values_; }
  const T* data() const&& = delete;
  /// A pointer to the first value.
  [[nodiscard]] const T* begin() const& noexcept { return values_; }
  const T* begin() const&& = delete;
  /// A pointer past the last value.
  [[nodiscard]] const T* end() const& noexcept { return values_ + size_; }
  const T* end() const&& = delete;
  /// A pointer to the first value, for changes.
  [[nodiscard]] T* begin() & noexcept { return values_; }
  /// A pointer past the last value, for changes.
  [[nodiscard]] T* end() & noexcept { return values_ + size_; }
  /// The value at an index, which must exist.
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept { return values_[index]; }
  /// The last value, which must exist.
  [[nodiscard]] const T& back() const& noexcept { return values_[size_ - 1]; }
  const T& back() const&& = delete;
  /// The last value, for changes.
  [[nodiscard]] T& back() & noexcept { return values_[size_ - 1]; }
  T& back() && = delete;

  /// Whether both hold the same values.
  friend bool operator==(const InlineList& a, const InlineList& b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::size_t size_ = 0;
  /// In a union, so that unused elements are not constructed.
  union {
    T values_[Capacity];
  };
};

}  // namespace rankmesh
