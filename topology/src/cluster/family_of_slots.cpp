#include "cluster/family_of_slots.hpp"

#include <algorithm>
#include <vector>

namespace rankmesh {

std::optional<GroupFamily> family_of_slots(const GroupFamily& family, const Placement& placement) {
  const bool is_formula = !placement.digits().empty();
  if (is_formula && placement.is_identity() && family.world_size() <= placement.ranks()) return family;
  const GroupFormula formula = family.formula();
  if (!is_formula || formula.first_rank != 0 || family.world_size() != placement.ranks()) {
    return std::nullopt;
  }
  const auto moved = [&](std::span<const Digit> digits, std::vector<Digit>& result) {
    for (Digit digit : digits) {
      std::int64_t stride = 1;
      for (const Digit& placed : placement.digits()) {
        // The part of the digit that lies in this digit of the placement.
        if (digit.size > 1 && digit.stride >= stride && digit.stride < stride * placed.size) {
          const std::int64_t room = stride * placed.size / digit.stride;
          if (digit.stride % stride != 0 || stride * placed.size % digit.stride != 0) return false;
          const std::int64_t part = std::min(room, digit.size);
          if (digit.size % part != 0) return false;
          result.push_back({part, digit.stride / stride * placed.stride});
          digit.size /= part;
          digit.stride *= part;
        }
        stride *= placed.size;
      }
    }
    return true;
  };
  std::vector<Digit> inside;
  std::vector<Digit> outside;
  if (!moved(formula.grouping.inside(), inside) || !moved(formula.grouping.outside(), outside))
    return std::nullopt;
  // Slots that stay idle between those in use are no mixed radix.
  std::vector<Digit> all = inside;
  all.insert(all.end(), outside.begin(), outside.end());
  std::sort(all.begin(), all.end(), [](Digit a, Digit b) { return a.stride < b.stride; });
  std::int64_t next = 1;
  for (const Digit& digit : all) {
    if (digit.stride != next) return std::nullopt;
    next *= digit.size;
  }
  GroupFamily result{Grouping(inside, outside)};
  if (formula.positions) result = result.split(*formula.positions);
  if (!formula.picked.empty()) result = result.pick(formula.picked);
  return result.slice(formula.first_group, family.group_count());
}

}  // namespace rankmesh
