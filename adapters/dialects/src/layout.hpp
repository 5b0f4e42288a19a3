#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "words.hpp"

namespace rankmesh {

/// What all dialects say, each in its way: the axes of the dense layers and, where they are others, those of
/// the experts; leftmost fastest.
struct DialectLayout {
  std::vector<Axis> dense;
  std::vector<Axis> experts{};
};

/// The axes of a valid configuration. Those of the experts are there if some axis of theirs is not that of
/// the dense layers.
/// @param obstacles gets meshes and names that no dialect but that of this library has words for
[[nodiscard]] DialectLayout layout_of(const ParallelConfig& config, Diagnostics& obstacles);

/// A configuration on meshes with a kind for each axis. An axis that dense layers and experts both have is
/// one, and must have the same groups in both.
/// @throws ConfigError listing what is wrong with the words or the sizes
[[nodiscard]] ParallelConfig config_on_meshes(DialectLayout layout, WorldSize world_size,
                                              DialectWords& words);

/// What a kind is called in whose groups some axes vary: `tensor` for tp, `data_context` for dp and cp.
[[nodiscard]] std::string kind_of_axes(const std::vector<std::string>& axes);

/// The axes of a mesh.
[[nodiscard]] std::vector<Axis> axes_of(const Mesh& mesh);
/// The size of an axis; 1 if it is not there.
[[nodiscard]] std::int64_t size_of(const std::vector<Axis>& axes, std::string_view name);
/// Whether some size is -1.
[[nodiscard]] bool has_open(const std::vector<Axis>& axes);
/// The axes of more than one rank.
[[nodiscard]] std::vector<Axis> without_ones(const std::vector<Axis>& axes);
/// Likewise, but one of one rank where there is no other: a list cannot be empty.
[[nodiscard]] std::vector<Axis> shown(const std::vector<Axis>& axes);
[[nodiscard]] std::vector<Axis> reversed(std::vector<Axis> axes);
/// Whether the axes are some of those named, in that order.
[[nodiscard]] bool are_in_order(const std::vector<Axis>& axes, std::initializer_list<std::string_view> order);
/// The axes with other names where a system has other ones.
[[nodiscard]] std::vector<Axis> renamed(
    std::vector<Axis> axes, std::initializer_list<std::pair<std::string_view, std::string_view>> names);

/// Axes of the experts with the data parallel ones that lie side by side as one axis `edp`, and a tensor
/// axis called `etp`; without axes of one rank.
[[nodiscard]] std::vector<Axis> expert_form(const std::vector<Axis>& axes);
/// Axes of the dense layers with the data parallel ones that lie side by side as one axis `dp`; without axes
/// of one rank.
[[nodiscard]] std::vector<Axis> dense_form(const std::vector<Axis>& axes);

/// `4,4,2,8`
[[nodiscard]] std::string sizes_text(const std::vector<Axis>& axes);
/// `pp,dp,cp,tp`
[[nodiscard]] std::string names_text(const std::vector<Axis>& axes);

/// For a dialect that says nothing of ranks before or behind the layout.
void refuse_place(const ParallelConfig& config, Diagnostics& obstacles);
/// ` rank_offset=4 job_size=12` as far as they are not the usual; empty if they are.
[[nodiscard]] std::string place_text(const ParallelConfig& config);
/// Reads them.
void read_place(DialectWords& words, ParallelConfig& config);

/// An obstacle for each axis that is none of those named.
/// @param whose `torchtitan's`, in the message
void refuse_unknown(const std::vector<Axis>& axes, std::initializer_list<std::string_view> known,
                    std::string_view whose, Diagnostics& obstacles);
void throw_if_any(Diagnostics& obstacles);

}  // namespace rankmesh
