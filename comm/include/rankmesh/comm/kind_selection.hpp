#pragma once

#include <initializer_list>
#include <set>
#include <string>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/topology/group_kind.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// Some kinds of group: none, those that are listed, or all.
///
///     options.plan.only = {GroupKind::tensor, "moe_ep"};
///     options.plan.groups_of_one = KindSelection::all();
class KindSelection {
 public:
  /// No kind.
  KindSelection() = default;
  /// The kinds listed.
  KindSelection(std::initializer_list<GroupKind> kinds) : kinds_(kinds) {}
  /// The kinds of a set that a program computes.
  explicit KindSelection(std::set<GroupKind> kinds) : kinds_(std::move(kinds)) {}
  /// Every kind that a topology has.
  [[nodiscard]] static KindSelection all() {
    KindSelection result;
    result.is_all_ = true;
    return result;
  }

  /// Whether it is every kind.
  [[nodiscard]] bool is_all() const noexcept { return is_all_; }
  /// The kinds listed, in alphabetical order; empty for no kind and for all.
  [[nodiscard]] const std::set<GroupKind>& kinds() const& noexcept { return kinds_; }
  const std::set<GroupKind>& kinds() const&& = delete;
  /// Whether a kind is selected by the name given.
  [[nodiscard]] bool contains(GroupKind kind) const { return is_all_ || kinds_.contains(kind); }
  /// `all`, `none`, or the names: `data, tensor`.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const KindSelection&) const = default;

 private:
  bool is_all_ = false;
  std::set<GroupKind> kinds_;
};

}  // namespace rankmesh
