#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "word_reader.hpp"

namespace rankmesh::dialects {

/// The contents of a text in any dialect: the axes of the dense layers and, if they differ, the axes of the
/// experts; leftmost fastest.
struct Layout {
  std::vector<Axis> dense;
  std::vector<Axis> experts{};
};

/// The axes of a valid configuration; those of the experts only if they differ from those of the dense
/// layers.
/// @param diagnostics gets meshes and names that only the dialect `rankmesh` can express
[[nodiscard]] Layout layout_of(const ParallelConfig& config, Diagnostics& diagnostics);

/// A configuration on meshes with a kind for each axis. An axis that dense layers and experts share must have
/// the same groups in both.
/// @throws ConfigError listing what is wrong with the words or the sizes
[[nodiscard]] ParallelConfig config_on_meshes(Layout layout, WorldSize world_size, WordReader& words);

/// The name of the kind whose groups vary along some axes: `tensor` for tp, `data_context` for dp and cp.
[[nodiscard]] std::string kind_of_axes(const std::vector<std::string>& axes);

/// The axes of a mesh.
[[nodiscard]] std::vector<Axis> axes_of(const Mesh& mesh);
/// The size of an axis; 1 if there is no axis with that name.
[[nodiscard]] std::int64_t size_of(const std::vector<Axis>& axes, std::string_view name);
/// Whether some size is -1.
[[nodiscard]] bool has_open(const std::vector<Axis>& axes);
/// The axes of more than one rank.
[[nodiscard]] std::vector<Axis> without_ones(const std::vector<Axis>& axes);
/// The axes of more than one rank, or one axis of one rank if there is no other: a list cannot be empty.
[[nodiscard]] std::vector<Axis> shown(const std::vector<Axis>& axes);
[[nodiscard]] std::vector<Axis> reversed(std::vector<Axis> axes);
/// Whether the axes are some of those named, in that order.
[[nodiscard]] bool are_in_order(const std::vector<Axis>& axes, std::initializer_list<std::string_view> order);
/// The axes under the names of another system.
[[nodiscard]] std::vector<Axis> renamed(
    std::vector<Axis> axes, std::initializer_list<std::pair<std::string_view, std::string_view>> names);

/// The axes of the experts, with neighbouring data parallel axes merged into one axis `edp`, and with the
/// tensor axis called `etp`; without axes of one rank.
[[nodiscard]] std::vector<Axis> expert_form(const std::vector<Axis>& axes);
/// The axes of the dense layers, with neighbouring data parallel axes merged into one axis `dp`; without axes
/// of one rank.
[[nodiscard]] std::vector<Axis> dense_form(const std::vector<Axis>& axes);

/// `4,4,2,8`
[[nodiscard]] std::string sizes_text(const std::vector<Axis>& axes);
/// `pp,dp,cp,tp`
[[nodiscard]] std::string names_text(const std::vector<Axis>& axes);

/// A diagnostic for each rank before or behind the layout, which most dialects cannot express.
void refuse_place(const ParallelConfig& config, Diagnostics& diagnostics);
/// ` rank_offset=4 job_size=12`, without those that have their defaults.
[[nodiscard]] std::string place_text(const ParallelConfig& config);
/// Reads `rank_offset` and `job_size`.
void read_place(WordReader& words, ParallelConfig& config);

/// A diagnostic for each axis whose name is not known.
/// @param whose `torchtitan's`, in the message
void refuse_unknown(const std::vector<Axis>& axes, std::initializer_list<std::string_view> known,
                    std::string_view whose, Diagnostics& diagnostics);
void throw_if_any(Diagnostics& diagnostics);

}  // namespace rankmesh::dialects
