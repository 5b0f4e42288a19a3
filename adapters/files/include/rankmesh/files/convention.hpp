#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/export.hpp"
#include "rankmesh/topology/convention_table.hpp"

/// @file
/// A convention in TOML. `rankmesh conventions vllm` prints one that comes with the library in this form.
///
/// ```toml
/// name = "two-level"
/// summary = "Data parallel groups inside a node and across nodes"
/// sizes = ["tp = 1", "node = 8", "nodes = world_size / (tp * node)"]
/// rules = ["node: node % 2 == 0 else is odd"]
/// meshes = ["tp=tp,node=node,nodes=nodes"]
/// kinds = ["tensor: tp", "data: node+nodes", "inner: node", "outer: nodes if nodes > 1"]
/// ```

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// Reads a table.
/// @param source the name of the text in diagnostics
/// @throws FileError listing every mistake with its line and column: those of TOML, unknown keys, and what
///         `check` finds in the table
[[nodiscard]] ConventionTable parse_convention(std::string_view toml, const std::string& source = "<text>");
/// Reads the table in a file of at most 1 MiB.
/// @throws FileError the same, and if the file cannot be read
[[nodiscard]] ConventionTable load_convention(const std::filesystem::path& path);

/// The table as TOML, which `parse_convention` reads back.
[[nodiscard]] std::string to_toml(const ConventionTable& table);

}  // namespace files
}  // namespace rankmesh
