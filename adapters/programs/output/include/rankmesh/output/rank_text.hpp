#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "rankmesh/topology/group_family.hpp"

namespace rankmesh::cli {

/// `[0, 2, 4]`, all of it.
[[nodiscard]] std::string full_text(const GroupFamily& family, int group);

/// The characters of `full_text`, found without making it.
[[nodiscard]] std::size_t full_width(const GroupFamily& family, int group);

/// The list, or where that is wider than `width` its ends with the number of ranks:
/// `[0, 1, 2, ... 1022, 1023] (512 ranks)`.
[[nodiscard]] std::string list_text(const GroupFamily& family, int group, std::size_t width);

/// The list, or where that is wider than `width` as much of its ends as fits: `[0, 1, 2, ... 15]`, and
/// `[0, ... 15]` at the least.
[[nodiscard]] std::string short_list_text(const GroupFamily& family, int group, std::size_t width);

/// How the ranks of a group lie, as pairs size:stride, the fastest first: `4:1 8:64` for 8 runs of 4
/// consecutive ranks, 64 apart. A kind that picks from such groups adds the positions: `4:4@0,3`. Parts of
/// larger groups are the pattern of those and the pattern of positions in them: `12:1 / 4:3`. A group of one
/// is `-`.
[[nodiscard]] std::string pattern_text(const GroupFamily& family);

/// `8 groups of 2`
[[nodiscard]] std::string groups_text(const GroupFamily& family);

/// `1 group`, `2 groups`
[[nodiscard]] std::string counted(long long count, const std::string& noun);

}  // namespace rankmesh::cli
