#pragma once

#include <compare>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_family.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// One group: its ranks in order. A view of three integers and a pointer, to be passed by value; valid as
/// long as the family it came from. A range with random access; every question is O(1) in the group and world
/// size.
class RankList {
 public:
  class iterator;

  /// The number of the group in its family.
  [[nodiscard]] int group() const noexcept { return group_; }
  /// How many members there are.
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
  /// The position of a rank; nothing if the rank is no member.
  [[nodiscard]] std::optional<int> position_of(int rank) const noexcept;

  /// Where the members begin, in order.
  [[nodiscard]] iterator begin() const noexcept;
  /// Where they end.
  [[nodiscard]] iterator end() const noexcept;

  /// Writes the ranks in order.
  /// @param out exactly `size()` ranks
  /// @throws RangeError if `out` has another size
  void copy_to(std::span<int> out) const;
  /// The members, copied.
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

/// Random access over the ranks of a list.
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

  // Not the view itself: an iterator outlives the view it came from.
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

}  // namespace rankmesh
