#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_family.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// One group: its ranks in order. A view of three integers and a pointer, to be passed by value, and valid as
/// long as its family. A random-access range; every question is O(1) in the group size and the world size.
class RankList {
 public:
  class iterator;

  /// The number of the group in its family.
  [[nodiscard]] int group() const noexcept { return group_; }
  /// The number of members.
  [[nodiscard]] int size() const noexcept { return family_->group_size(); }

  /// The rank at a position. The position must lie in 0 .. size() - 1.
  [[nodiscard]] int operator[](int position) const noexcept {
    return base_ + family_->offset(start_, position);
  }
  /// The rank at a position.
  /// @throws RangeError if there is no such position
  [[nodiscard]] int at(int position) const { return family_->rank_at({group_, position}); }
  /// The first member.
  [[nodiscard]] int front() const noexcept { return (*this)[0]; }
  /// The last member.
  [[nodiscard]] int back() const noexcept { return (*this)[size() - 1]; }

  /// Whether a rank is a member. O(number of digits).
  [[nodiscard]] bool contains(int rank) const noexcept { return position_of(rank).has_value(); }
  /// The position of a rank; nothing if the rank is not a member.
  [[nodiscard]] std::optional<int> position_of(int rank) const noexcept;

  /// An iterator to the first member.
  [[nodiscard]] iterator begin() const noexcept;
  /// An iterator past the last member.
  [[nodiscard]] iterator end() const noexcept;

  /// Calls `visit(rank)` for each member in order. Iterators divide for every rank; `for_each` divides once
  /// for each run of ranks at equal distances, unless the family was split or picked from.
  template <typename Visit>
  void for_each(Visit visit) const;

  /// Writes the ranks in order.
  /// @param out exactly `size()` ranks
  /// @throws RangeError if `out` has another size
  void copy_to(std::span<int> out) const;
  /// A copy of the members.
  [[nodiscard]] std::vector<int> to_vector() const;

  /// Equal when both hold the same ranks in the same order. O(size).
  friend bool operator==(const RankList& a, const RankList& b) noexcept;

 private:
  friend class GroupFamily;
  RankList(const GroupFamily& family, int group) noexcept
      : family_(&family),
        group_(group),
        base_(family.base(group)),
        start_(family.start(group)) {}

  const GroupFamily* family_;
  int group_;
  int base_;
  int start_;
};

/// A random-access iterator over the ranks of a list.
class RankList::iterator {
 public:
  using iterator_concept = std::random_access_iterator_tag;
  using iterator_category = std::random_access_iterator_tag;
  using value_type = int;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = int;

  iterator() = default;

  [[nodiscard]] int operator*() const noexcept { return base_ + family_->offset(start_, position_); }
  [[nodiscard]] int operator[](difference_type n) const noexcept { return *(*this + n); }
  iterator& operator++() noexcept { return *this += 1; }
  iterator& operator--() noexcept { return *this -= 1; }
  iterator operator++(int) noexcept {
    iterator before = *this;
    ++*this;
    return before;
  }
  iterator operator--(int) noexcept {
    iterator before = *this;
    --*this;
    return before;
  }
  iterator& operator+=(difference_type n) noexcept {
    position_ += static_cast<int>(n);
    return *this;
  }
  iterator& operator-=(difference_type n) noexcept { return *this += -n; }
  [[nodiscard]] friend iterator operator+(iterator i, difference_type n) noexcept { return i += n; }
  [[nodiscard]] friend iterator operator+(difference_type n, iterator i) noexcept { return i += n; }
  [[nodiscard]] friend iterator operator-(iterator i, difference_type n) noexcept { return i -= n; }
  [[nodiscard]] friend difference_type operator-(const iterator& a, const iterator& b) noexcept {
    return a.position_ - b.position_;
  }
  [[nodiscard]] friend bool operator==(const iterator& a, const iterator& b) noexcept {
    return a.position_ == b.position_;
  }
  [[nodiscard]] friend auto operator<=>(const iterator& a, const iterator& b) noexcept {
    return a.position_ <=> b.position_;
  }

 private:
  friend class RankList;
  iterator(const RankList& list, int position) noexcept
      : family_(list.family_),
        base_(list.base_),
        start_(list.start_),
        position_(position) {}

  // Copies of the view's members instead of a pointer to the view, because an iterator may outlive the view.
  const GroupFamily* family_ = nullptr;
  int base_ = 0;
  int start_ = 0;
  int position_ = 0;
};

inline RankList::iterator RankList::begin() const noexcept {
  return {*this, 0};
}
inline RankList::iterator RankList::end() const noexcept {
  return {*this, size()};
}

template <typename Visit>
void RankList::for_each(Visit visit) const {
  const auto inside = family_->grouping_.inside();
  if (family_->positions_ || !family_->picked_.empty() || inside.empty()) {
    for (const int rank : *this) visit(rank);
    return;
  }
  const Digit run = inside.front();
  const std::int64_t members = size();
  for (std::int64_t position = 0; position < members; position += run.size) {
    std::int64_t rank = (*this)[static_cast<int>(position)];
    for (std::int64_t i = 0; i < run.size; ++i, rank += run.stride) visit(static_cast<int>(rank));
  }
}

}  // namespace rankmesh
