#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/options/options.hpp"
#include "rankmesh/output/topology_text.hpp"
#include "rankmesh/topology/topology.hpp"

/// @file
/// Options that several commands have.

namespace rankmesh::cli {

/// How data is printed.
enum class Format { text, json, csv };

/// `--format`. The first choice is the default; where the choices are those of Format, `format_of` reads it.
Option& add_format(Command& command, std::vector<Choice> choices, std::string description = {});
[[nodiscard]] Format format_of(const Option& format, Problems& problems);

/// `--gpus-per-node`
Option& add_gpus_per_node(Command& command,
                          std::string description = "also show on which nodes ranks and groups lie");
[[nodiscard]] std::optional<int> gpus_per_node_of(const Option& gpus_per_node, Problems& problems);

/// `--names`
Option& add_names(Command& command);
[[nodiscard]] Names names_of(const Option& names, Problems& problems);

/// `--all`
Option& add_all(Command& command,
                std::string description = "print all groups in full, as json and csv always do");

/// The kind of a name; nothing, and a problem that lists the kinds of the layout, if it has none of this
/// name.
/// @param option the name of the option
[[nodiscard]] std::optional<GroupKind> kind_named(const std::string& option, const std::string& name,
                                                  const Topology& topology, Problems& problems);

}  // namespace rankmesh::cli
