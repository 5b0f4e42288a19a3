#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Axes as text: `tp=2,dp=4,pp=2`, leftmost fastest.
[[nodiscard]] std::string to_string(const std::vector<Axis>& axes);

/// Reads axes. A size may be -1, see `fill_in`. `Mesh` checks the sizes.
/// @throws ConfigError listing every part that does not have the form `name=size`
[[nodiscard]] std::vector<Axis> parse_axes(std::string_view text);

/// A kind of group as text: `dp`, `zero:dp+tp`, `tp@pp=1`, `expert:ep#edp+tp`.
///
///     [name:]axis+axis...[@axis=coordinate+...][#axis+axis...]
///
/// The axes that vary in a group, the fixed coordinates of other axes, and the axes that number the groups.
/// Without a name, the kind is named after its axes and coordinates: `dp_tp`, `tp_pp1`.
[[nodiscard]] std::string to_string(const KindSpec& kind);

/// Reads a kind.
/// @throws ConfigError if the text has another form
[[nodiscard]] KindSpec parse_kind(std::string_view text);

}  // namespace rankmesh
