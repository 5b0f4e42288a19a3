#include "rankmesh/topology/kind_names.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "conventions/kind_table.hpp"

namespace rankmesh {
namespace {

/// The rows of all conventions with fixed kinds.
std::array<std::span<const KindRow>, 2> tables() noexcept {
  return {reference_rows(), megatron_core_rows()};
}

/// `to_name` of the row whose `from_name` is the name of a kind, with the number that the kind has; the kind
/// itself if there is no such row.
GroupKind renamed(GroupKind kind, std::string_view KindRow::*from_name, std::string_view KindRow::*to_name) {
  const std::string_view name = kind.name();
  for (const std::span<const KindRow> rows : tables()) {
    for (const KindRow& row : rows) {
      const std::string_view from = row.*from_name;
      if (!name.starts_with(from)) continue;
      const std::string_view number = name.substr(from.size());
      if (row.numbers == nullptr) {
        if (number.empty()) return GroupKind(row.*to_name);
      } else if (number.size() > 1 && number[0] == '_' &&
                 number.find_first_not_of("0123456789", 1) == std::string_view::npos) {
        return GroupKind(std::string(row.*to_name).append(number));
      }
    }
  }
  return kind;
}

}  // namespace

std::vector<KindNames> kind_names() {
  std::vector<KindNames> names;
  for (const std::span<const KindRow> rows : tables()) {
    for (const KindRow& row : rows) {
      const auto has_name = [&](const KindNames& known) { return known.name == row.name; };
      if (std::none_of(names.begin(), names.end(), has_name)) {
        names.push_back({row.name, row.short_name, row.numbers != nullptr});
      }
    }
  }
  return names;
}

GroupKind short_name_of(GroupKind kind) {
  return renamed(kind, &KindRow::name, &KindRow::short_name);
}

GroupKind long_name_of(GroupKind kind) {
  return renamed(kind, &KindRow::short_name, &KindRow::name);
}

}  // namespace rankmesh
