#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/export.hpp"

/// @file
/// A configuration from values that somebody wrote: options of a program, a file. Both are judged in one way,
/// which reports everything at once and nothing that only follows from a value that cannot be read.

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// What the value of a field is.
enum class FieldType {
  /// A whole number.
  number,
  /// Given or not.
  flag,
  /// A word.
  text,
  /// Whole numbers, with commas between them.
  numbers,
  /// Meshes as mesh_text.hpp has them, with `/` between them.
  meshes,
  /// Kinds as mesh_text.hpp has them, with commas between them.
  kinds,
  /// One of some words.
  choice,
};

/// A field of a configuration, for those who read or document one.
struct FieldDescription {
  /// As in ParallelConfig.
  std::string_view field;
  /// As in the one-line form.
  std::string_view word;
  /// What is given for it.
  FieldType type = FieldType::number;
  /// Of a choice, the default first.
  std::vector<std::string_view> choices{};
};

/// Every field, in the order of the one-line form.
[[nodiscard]] std::vector<FieldDescription> describe_fields();

/// The value of a field as it was written; nothing for a flag, and where there should be one and is not.
struct GivenValue {
  /// As in ParallelConfig.
  std::string field{};
  /// As in the one-line form.
  std::optional<std::string> text{};

  bool operator==(const GivenValue&) const = default;
};

/// Reads values, each field's at most once. A field that cannot be read keeps its default; the world size, if
/// it cannot or is missing, is 0, which nothing can fail to divide.
/// @param known what is known to be wrong already: those fields are neither read nor missing
[[nodiscard]] ConfigReading read_values(std::span<const GivenValue> given,
                                        std::vector<Diagnostic> known = {});

/// Adds what `check` finds, but for fields that have diagnostics already and for rules about those, and sorts
/// everything by field.
void check_values(ConfigReading& reading);

}  // namespace rankmesh
