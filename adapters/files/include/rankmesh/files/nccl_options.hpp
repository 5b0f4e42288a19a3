#pragma once

#include <filesystem>
#include <string_view>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/export.hpp"
#include "rankmesh/nccl/kind_options.hpp"
#include "rankmesh/topology/topology.hpp"

/// @file
/// The options of NCCL for each kind of group, in YAML: the form that Megatron-style jobs have.
///
/// ```yaml
/// dp: {min_ctas: 4, max_ctas: 16, is_high_priority_stream: true}
/// tensor:
///   cga_cluster_size: 2
///   net_name: Socket
///   stream: normal
/// ```
///
/// A map from groups to options. A group is given once, under either of its names:
///
/// | rankmesh             | Megatron-Core |
/// | -------------------- | ------------- |
/// | `data`               | `dp`          |
/// | `sequence`           | `cp`          |
/// | `sequence_data`      | `dp_cp`       |
/// | `model`              | `mp`          |
/// | `tensor`             | `tp`          |
/// | `pipeline`           | `pp`          |
/// | `embedding`          | `embd`        |
/// | `position_embedding` | `pos_embd`    |
/// | `amax`               | `tp_dp_cp`    |
///
/// `cp` is context parallel there, and stands for our sequence axis, which splits the same dimension. Of a
/// topology in the convention of Megatron-Core, groups are called as docs/groups.md has it, long or short,
/// and `hcp` or `hybrid_dp_cp` is each of its several kinds; a kind that this layout does not make is passed
/// over, so that one file serves several layouts.
///
/// An option is a key of `nccl::config_keys()`, or `stream` (`none`, `normal`, `high_priority`), or
/// `is_high_priority_stream` (`true` for `stream: high_priority`, `false` for `stream: none`) instead of it.
/// Numbers are whole and in decimal digits without a leading zero, since YAML 1.1 reads `010` as 8 and 1.2 as
/// 10. Booleans are those of YAML 1.2: `true` and `false`, also `True` or `TRUE`, but no `yes` or `on`.
/// Anchors and aliases work; tags, merge keys (`<<`) and further documents are errors.

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// Reads text in UTF-8. Empty text is an empty map.
/// @param source what errors call the text
/// @throws FileError with every problem; where there are more than 100, with the first 100 found and a note
[[nodiscard]] nccl::KindOptionsMap parse_nccl_options(std::string_view yaml,
                                                      std::string_view source = "<text>");

/// The options of the kinds that a topology has.
/// @throws FileError likewise
[[nodiscard]] nccl::KindOptionsMap parse_nccl_options(std::string_view yaml, const Topology& topology,
                                                      std::string_view source = "<text>");

/// Reads a file of at most 1 MiB.
/// @throws FileError as `parse_nccl_options` does, or with what the system says where the file cannot be read
[[nodiscard]] nccl::KindOptionsMap load_nccl_options(const std::filesystem::path& path);
/// The options of the kinds that a topology has, from a file.
/// @throws FileError likewise
[[nodiscard]] nccl::KindOptionsMap load_nccl_options(const std::filesystem::path& path,
                                                     const Topology& topology);

}  // namespace files
}  // namespace rankmesh
