#pragma once

#include <filesystem>
#include <string_view>

#include "rankmesh/files/error.hpp"
#include "rankmesh/nccl/export.hpp"
#include "rankmesh/nccl/kind_options.hpp"
#include "rankmesh/topology/topology.hpp"

/// @file
/// `rankmesh::nccl_options_file`: the NCCL options of each kind of group, read from YAML in the form that
/// Megatron-style jobs use. The library needs neither NCCL nor MPI.
///
/// ```yaml
/// dp: {min_ctas: 4, max_ctas: 16, is_high_priority_stream: true}
/// tensor:
///   cga_cluster_size: 2
///   net_name: Socket
///   stream: normal
/// ```
///
/// The file maps groups to options. Each group is given at most once, under one of its two names:
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
/// Megatron-Core's `cp` is context parallelism. It stands for the sequence axis, which splits the same
/// dimension. For a topology in the convention of Megatron-Core, groups have the long and short names of
/// docs/groups.md, and `hcp` and `hybrid_dp_cp` each stand for several kinds. Kinds that the layout does not
/// make are ignored, so that one file serves several layouts.
///
/// An option is a key of `config_keys()`; or `stream` with the value `none`, `normal` or `high_priority`; or,
/// instead of it, `is_high_priority_stream`: `true` means `stream: high_priority`, `false` means
/// `stream: none`. Numbers are whole, in decimal digits without leading zeros, because YAML 1.1 reads `010`
/// as 8 and YAML 1.2 reads it as 10. Booleans are those of YAML 1.2: `true` and `false`, also written `True`
/// or `TRUE`; `yes` and `on` are errors. Anchors and aliases work; tags, merge keys (`<<`) and further
/// documents are errors.

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// Reads text in UTF-8. An empty text is an empty map.
/// @param source the name of the text in errors
/// @throws files::FileError with every diagnostic; if there are more than 100, with the first 100 found and a
///         note
[[nodiscard]] KindOptionsMap parse_kind_options(std::string_view yaml, std::string_view source = "<text>");

/// Reads the options of the kinds that a topology has.
/// @throws files::FileError as above
[[nodiscard]] KindOptionsMap parse_kind_options(std::string_view yaml, const Topology& topology,
                                                std::string_view source = "<text>");

/// Reads a file of at most 1 MiB.
/// @throws files::FileError as above, or with the message of the operating system if the file cannot be read
[[nodiscard]] KindOptionsMap load_kind_options(const std::filesystem::path& path);
/// Reads the options of the kinds that a topology has from a file.
/// @throws files::FileError as above
[[nodiscard]] KindOptionsMap load_kind_options(const std::filesystem::path& path, const Topology& topology);

}  // namespace nccl
}  // namespace rankmesh
