#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/text.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Axes as text: `tp=2,dp=4,pp=2`, leftmost fastest.
[[nodiscard]] std::string to_string(const std::vector<Axis>& axes);

/// Reads one number of a text; returns the rule that it breaks, empty if none. `read_number` reads decimal
/// numbers; a convention's table has expressions in their place.
using NumberReader = std::function<std::string(std::string_view text, std::int64_t& number)>;

/// Reads axes. A size may be -1, see `fill_in`. `Mesh` checks the sizes.
/// @throws ConfigError listing every part that does not have the form `name=size`
[[nodiscard]] std::vector<Axis> parse_axes(std::string_view text, const NumberReader& read = read_number);

/// A kind of group as text: `dp`, `zero:dp+tp`, `tp@pp=1`, `expert:ep#edp+tp`, `embedding:pp[0,-1]`.
///
///     [name:]axes[/size or %count][@axis=coordinate+...][#axis+axis...]
///
/// The axes that vary in a group, how groups are divided, the fixed coordinates of other axes, and the axes
/// that number the groups.
///
/// - `tp+pp`: members in the order of the mesh. `pp.tp`: in the order written, pp fastest.
/// - `pp[0,-1]`: only the first and last coordinate of pp.
/// - `/4`: pieces of 4 consecutive members. `%4`: 4 groups, each with every fourth member.
///
/// Without a name, the kind is named after its axes and fixed coordinates: `dp_tp`, `tp_pp1`. A kind with
/// picked coordinates or a division needs a name.
[[nodiscard]] std::string to_string(const KindSpec& kind);

/// Reads a kind.
/// @throws ConfigError if the text has another form
[[nodiscard]] KindSpec parse_kind(std::string_view text, const NumberReader& read = read_number);

}  // namespace rankmesh
