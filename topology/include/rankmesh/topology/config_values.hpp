#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/export.hpp"

/// @file
/// Configurations from values that a user wrote, for example as options of a program or in a file. All errors
/// are reported at once, and none that only follows from a value that cannot be read.

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The type of a field's value.
enum class FieldType {
  /// A whole number.
  number,
  /// Given or not given.
  flag,
  /// A word.
  text,
  /// Whole numbers, separated by commas.
  numbers,
  /// Meshes in the grammar of mesh_text.hpp, separated by `/`.
  meshes,
  /// Kinds in the grammar of mesh_text.hpp, separated by commas.
  kinds,
  /// One of several words.
  choice,
};

/// A word that a field of type `choice` takes.
struct FieldChoice {
  /// The word in texts.
  std::string_view word;
  /// What the word means, on one line.
  std::string_view description;
};

/// A field of a configuration, for programs and documents that read or explain it.
struct FieldDescription {
  /// The name in ParallelConfig.
  std::string_view field;
  /// The name in the one-line form.
  std::string_view word;
  /// The type of its value.
  FieldType type = FieldType::number;
  /// Of a field of type `choice`: the words, the default first.
  std::vector<FieldChoice> choices{};
  /// What the field is, in one sentence without a full stop.
  std::string_view description{};
  /// What an absent field means; empty if that needs no words: for flags, and for fields without a default.
  std::string default_text{};
  /// The conventions in which the field has a meaning.
  std::span<const Convention> conventions{};
  /// Whether the field must be given.
  bool is_required = false;
};

/// Every field, in the order of the one-line form.
[[nodiscard]] std::vector<FieldDescription> describe_fields();

/// The value of a field as the user wrote it.
struct GivenValue {
  /// The name in ParallelConfig.
  std::string field{};
  /// The value in the one-line form; nothing for a flag, or for a field that lacks its value.
  std::optional<std::string> text{};

  bool operator==(const GivenValue&) const = default;
};

/// Reads values, at most one for each field. Unreadable fields, and a missing world size, keep their defaults
/// and are listed in `ConfigReading::unreadable`.
/// @param known diagnostics that the caller has found already; their fields are unreadable
/// @param unreadable further fields that are unreadable
[[nodiscard]] ConfigReading read_values(std::span<const GivenValue> given, std::vector<Diagnostic> known = {},
                                        std::vector<std::string> unreadable = {});

/// Adds the diagnostics of `check`, except those of rules that read an unreadable field, and sorts all
/// diagnostics by field.
void check_values(ConfigReading& reading);

}  // namespace rankmesh
