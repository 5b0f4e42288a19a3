#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// A configuration on one line: `world=16 tp=2 pp=4 fp8`. The world size always, everything else only where
/// it differs from the default, in this order:
///
///     world=N convention=extended|megatron-core|mesh
///     tp=N pp=N sp=N vpp=N split-rank=N fp8 distributed-optimizer amax-rule=product vpp-rule=megatron
///     cp=N ep=N etp=N order=tp-cp-ep-dp-pp optimizer-instances=N hierarchical-cp=N,N hybrid-cp gtp=N egtp=N
///     rank-offset=N job-size=N embedding-stages=N,N position-embedding-stages=N,N
///     axes=tp=2,dp=4/ep=4,edp=2 groups=dp,zero:dp+tp
///
/// Behind `axes` stand the meshes of one's own, behind `groups` its kinds, see mesh_text.hpp.
///
/// `parse_config` reads it back to an equal configuration.
[[nodiscard]] std::string to_string(const ParallelConfig& config);

/// Reads the one-line form. Words may come in any order, each at most once; `amax-rule=reference` and
/// `vpp-rule=reference` are understood too. Sizes are read as they are: `check` judges them.
/// @throws ConfigError listing every unknown or repeated word, value that is no number of 64 bits, and a
/// missing
///         world size
[[nodiscard]] ParallelConfig parse_config(std::string_view text);

/// What `read_config` made of a text.
struct ConfigReading {
  /// The words that could be read; the others at their defaults.
  ParallelConfig config;
  /// What is wrong with the other words.
  std::vector<Diagnostic> diagnostics;
};

/// `parse_config` without the exception, so that a caller can report what is wrong with the words together
/// with what is wrong with the sizes.
[[nodiscard]] ConfigReading read_config(std::string_view text);

/// One field of a configuration as text.
struct FieldText {
  /// Its name, `tensor` say.
  std::string field;
  /// What it holds.
  std::string value;

  bool operator==(const FieldText&) const = default;
};

/// Every field of a configuration with its name and value (`none` where there is no value, `true` or `false`
/// for a flag), in the order of declaration: what two processes compare to find where they differ.
[[nodiscard]] std::vector<FieldText> field_texts(const ParallelConfig& config);

/// Those that mean something in the convention of the configuration; the convention itself only where it is
/// not the reference's.
[[nodiscard]] std::vector<FieldText> fields_of_convention(const ParallelConfig& config);

}  // namespace rankmesh
