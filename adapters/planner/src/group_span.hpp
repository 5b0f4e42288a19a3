#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

#include "rankmesh/planner/job.hpp"

/// @file
/// How the groups of each kind lie on fast domains.

namespace rankmesh::planner {

/// An axis of a mesh.
struct Digit {
  std::int64_t size = 1;
  std::int64_t stride = 1;

  /// The coordinate of a rank.
  [[nodiscard]] std::int64_t of(std::int64_t rank) const { return rank / stride % size; }

  bool operator==(const Digit&) const = default;
};

/// How the ranks of the groups of a kind lie on fast domains.
struct GroupSpan {
  std::int64_t size = 1;
  /// The coordinates of a member, the nearer ones first. The second digit has size 1 where one is enough.
  std::array<Digit, 2> digits{};
  /// The fewest members that a group has in a domain that it touches. With b blocks of `stride` ranks in a
  /// domain, groups of one digit start at all multiples of gcd(size, b), so that is the smallest piece. Two
  /// digits: a domain that holds several blocks of the second one holds all of the first.
  std::int64_t in_domain = 1;

  GroupSpan() = default;
  GroupSpan(const Digit& near, const Digit& far, std::int64_t domain)
      : size(near.size * far.size),
        digits{near, far} {
    const bool is_one_digit = near.size == 1 || far.size == 1 || near.stride * near.size == far.stride;
    if (is_one_digit) digits = {Digit{size, near.size == 1 ? far.stride : near.stride}, Digit{}};
    in_domain = members_in(domain);
  }
  GroupSpan(const Digit& digit, std::int64_t domain) : GroupSpan(digit, {}, domain) {}

  [[nodiscard]] bool crosses() const { return in_domain < size; }
  /// `in_domain` in domains of so many ranks.
  [[nodiscard]] std::int64_t members_in(std::int64_t domain) const {
    std::int64_t members = 1;
    for (const Digit& digit : digits)
      members *= domain % digit.stride == 0 ? std::gcd(digit.size, domain / digit.stride) : 1;
    return members;
  }

  bool operator==(const GroupSpan&) const = default;
};

/// The digits of the axes of a layout, by axis: those of the experts' mesh, or of the other layers' mesh.
inline std::array<Digit, 5> digits_of(const Layout& layout, bool is_of_experts) {
  const std::int64_t expert_dp = std::max<std::int64_t>(1, layout.expert_dp());
  const std::array<std::int64_t, 5> sizes =
      is_of_experts ? std::array{layout.etp, std::int64_t{1}, layout.ep, expert_dp, layout.pp}
                    : std::array{layout.tp, layout.cp, std::int64_t{1}, layout.dp, layout.pp};
  std::array<Digit, 5> digits;
  std::int64_t stride = 1;
  for (const OrderAxis axis : layout.order.axes) {
    const auto i = static_cast<std::size_t>(axis);
    digits[i] = {sizes[i], stride};
    stride *= sizes[i];
  }
  return digits;
}

/// How the groups of a layout lie on fast domains.
struct LayoutSpans {
  std::int64_t world = 1;
  /// The ranks of a fast domain.
  std::int64_t domain = 1;
  GroupSpan tensor{};
  GroupSpan context{};
  /// Ranks with the same parameters, but for experts.
  GroupSpan data{};
  GroupSpan pipeline{};
  GroupSpan expert_tensor{};
  GroupSpan expert{};
  GroupSpan expert_data{};

  LayoutSpans(const Layout& layout, std::int64_t machine_domain)
      : world(layout.world()),
        domain(std::min(machine_domain, world)) {
    const auto [tp, cp, no_ep, dp, pp] = digits_of(layout, false);
    tensor = {tp, domain};
    context = {cp, domain};
    data = cp.stride <= dp.stride ? GroupSpan(cp, dp, domain) : GroupSpan(dp, cp, domain);
    pipeline = {pp, domain};
    const auto [etp, no_cp, ep, expert_dp, same_pp] = digits_of(layout, true);
    expert_tensor = {etp, domain};
    expert = {ep, domain};
    expert_data = {expert_dp, domain};
  }

  /// `GroupSpan::in_domain` in domains of another size.
  [[nodiscard]] std::int64_t members_in(const GroupSpan& group, std::int64_t gpus) const {
    const std::int64_t ranks = std::min(gpus, world);
    return ranks == domain ? group.in_domain : group.members_in(ranks);
  }
  /// How near the members of the groups of each kind are to each other, on domains of so many GPUs. The time
  /// of a step depends on nothing else of an order.
  [[nodiscard]] std::array<std::int64_t, 7> nearness(std::int64_t gpus) const {
    return {members_in(tensor, gpus),        members_in(context, gpus),
            members_in(data, gpus),          members_in(pipeline, gpus) < pipeline.size ? 0 : 1,
            members_in(expert_tensor, gpus), members_in(expert, gpus),
            members_in(expert_data, gpus)};
  }
};

}  // namespace rankmesh::planner
