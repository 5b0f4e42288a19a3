#pragma once

#include <cstddef>
#include <string>

#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/spans.hpp"

namespace rankmesh::cli {

/// The whole list: `[0, 2, 4]`.
[[nodiscard]] std::string full_text(const GroupFamily& family, int group);

/// The length of `full_text`, computed without making the text.
[[nodiscard]] std::size_t full_width(const GroupFamily& family, int group);

/// The whole list, or if that is wider than `width`, as many ranks of its ends as fit, and the number of
/// ranks:
/// `[0, 1, 2, ... 1022, 1023] (512 ranks)`. The first and the last rank are always shown.
[[nodiscard]] std::string list_text(const GroupFamily& family, int group, std::size_t width);

/// The whole list, or if that is wider than `width`, as many ranks of its ends as fit: `[0, 1, 2, ... 15]`.
/// The first and the last rank are always shown.
[[nodiscard]] std::string short_list_text(const GroupFamily& family, int group, std::size_t width);

/// `8 groups of 2`
[[nodiscard]] std::string groups_text(const GroupFamily& family);

/// `on 1 to 2 nodes each`
/// @param nodes the nodes that the groups touch
[[nodiscard]] std::string nodes_text(const GroupFamily& family, BlockSpan nodes);

}  // namespace rankmesh::cli
