#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// A configuration on one line: `world=16 tp=2 pp=4 fp8`. The world size is always written, every other field
/// only if it differs from its default, in this order:
///
///     world=N convention=extended|megatron-core|mesh
///     tp=N pp=N sp=N vpp=N split-rank=N fp8 distributed-optimizer amax-rule=product vpp-rule=megatron
///     cp=N ep=N etp=N order=tp-cp-ep-dp-pp optimizer-instances=N hierarchical-cp=N,N hybrid-cp gtp=N egtp=N
///     rank-offset=N job-size=N embedding-stages=N,N position-embedding-stages=N,N
///     axes=tp=2,dp=4/ep=4,edp=2 groups=dp,zero:dp+tp
///
/// `axes` lists custom meshes, `groups` the kinds of group on them, in the grammar of mesh_text.hpp.
///
/// `parse_config` reads the text back to an equal configuration.
[[nodiscard]] std::string to_string(const ParallelConfig& config);

/// Reads the one-line form. Words may come in any order, each at most once; `amax-rule=reference` and
/// `vpp-rule=reference` are accepted too. Sizes are not checked here but by `check`.
/// @throws ConfigError listing every unknown or repeated word, every value that is no number of 64 bits, and
///         a missing world size
[[nodiscard]] ParallelConfig parse_config(std::string_view text);

/// A configuration that was read from a text, a file or options.
struct ConfigReading {
  /// The fields that could be read; all other fields have their defaults.
  ParallelConfig config{};
  /// What is wrong with the other fields.
  std::vector<Diagnostic> diagnostics{};
  /// The fields that could not be read, and required fields that are missing. `check_values` applies no rule
  /// that reads one of them.
  std::vector<std::string> unreadable{};
};

/// `parse_config` without the exception, for callers that report unreadable words and broken rules together.
[[nodiscard]] ConfigReading read_config(std::string_view text);

/// One field of a configuration as text.
struct FieldText {
  /// The name in ParallelConfig, for example `tensor`.
  std::string field;
  /// The value: `none` if there is no value, `true` or `false` for a flag.
  std::string value;

  bool operator==(const FieldText&) const = default;
};

/// Every field of a configuration as text, in the order of declaration. Two processes compare these texts to
/// find where their configurations differ.
[[nodiscard]] std::vector<FieldText> field_texts(const ParallelConfig& config);

/// One field of a configuration as typed data.
struct FieldValue {
  /// Nothing, a flag, a number, a text or numbers. Choices, meshes and kinds are texts of the one-line form.
  using Data = std::variant<std::monostate, bool, std::int64_t, std::string, std::vector<std::int64_t>>;

  /// The name in ParallelConfig, for example `tensor`.
  std::string_view field;
  /// The value.
  Data data;

  bool operator==(const FieldValue&) const = default;
};

/// The fields that have a meaning in the convention of the configuration. The field `convention` is omitted
/// if it is the reference's.
[[nodiscard]] std::vector<FieldValue> fields_of_convention(const ParallelConfig& config);

}  // namespace rankmesh
