#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::cli {

/// A JSON object with the fields of a configuration by name.
[[nodiscard]] std::string config_json(const ParallelConfig& config);

/// Writes the ranks of a group as a JSON array.
void put_group_json(Writer& out, const GroupFamily& family, int group);

/// Writes the nodes that a group touches as a JSON array, in ascending order.
void put_nodes_json(Writer& out, const GroupFamily& family, int group, int gpus_per_node);

/// Lists with more entries are shortened.
inline constexpr std::int64_t longest_list = 1024;
/// What the JSON output of a command with `--all` says where it shortened a list.
inline constexpr std::string_view shortened_note =
    "lists of more than 1024 are null, with their size and both ends beside them; --all prints them";

/// Writes a member of a JSON object that is a list: `"ranks": [0,2,4]`. A longer list than `longest_list` is
/// null, with its size and its first and last entries: `"ranks": null, "ranks_size": 2048, "ranks_first":
/// [...], "ranks_last": [...]`.
/// @param put writes the entry at an index
/// @return whether the list was shortened
template <typename Put>
bool put_list_json(Writer& out, std::string_view name, std::int64_t size, bool all, Put put) {
  const auto put_range = [&](std::string_view suffix, std::int64_t begin, std::int64_t end) {
    out.put('"');
    out.put(name);
    out.put(suffix);
    out.put("\": [");
    for (std::int64_t i = begin; i < end; ++i) {
      if (i > begin) out.put(',');
      put(i);
    }
    out.put(']');
  };
  if (all || size <= longest_list) {
    put_range("", 0, size);
    return false;
  }
  constexpr std::int64_t ends = 8;
  out.put('"');
  out.put(name);
  out.put("\": null, \"");
  out.put(name);
  out.put("_size\": ");
  out.number(size);
  out.put(", ");
  put_range("_first", 0, ends);
  out.put(", ");
  put_range("_last", size - ends, size);
  return true;
}

/// `put_list_json` of the ranks of a group; a shortened list has the pattern of the group too.
bool put_ranks_json(Writer& out, std::string_view name, const GroupFamily& family, int group, bool all);

}  // namespace rankmesh::cli
