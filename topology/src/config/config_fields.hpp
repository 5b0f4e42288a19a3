#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh {

/// A word that a field takes, what it stands for, and what it means.
template <typename Value>
struct NamedValue {
  std::string_view word;
  Value value;
  std::string_view description;
};

/// A field whose values have names, the default first.
template <typename Value>
struct ChoiceField {
  Value ParallelConfig::*member;
  std::span<const NamedValue<Value>> values;
};

using FieldAccess =
    std::variant<std::int64_t ParallelConfig::*, std::optional<std::int64_t> ParallelConfig::*,
                 bool ParallelConfig::*, std::string ParallelConfig::*,
                 std::vector<std::int64_t> ParallelConfig::*,
                 std::vector<std::vector<Axis>> ParallelConfig::*, std::vector<KindSpec> ParallelConfig::*,
                 ChoiceField<AmaxRule>, ChoiceField<VirtualPipelineRule>, ChoiceField<Convention>>;

/// One row of the table of fields.
struct ConfigField {
  /// The name in the one-line form.
  std::string_view word;
  /// The name in ParallelConfig.
  std::string_view field;
  FieldAccess access;
  /// The conventions in which the field has a meaning.
  std::span<const Convention> conventions;
  std::string_view description;
  /// What an absent field means, if its default value does not say so.
  std::string_view meaning_of_absence = "";
  bool is_required = false;
};

/// Every field, in the order of declaration, except that the convention precedes the fields that depend on
/// it.
[[nodiscard]] std::span<const ConfigField> config_fields();
/// The field with a name; null if there is none.
[[nodiscard]] const ConfigField* find_field(std::string_view name);

/// The value of a field as text: `none` if there is no value, `true` or `false` for a flag.
[[nodiscard]] std::string value_text(const ConfigField& field, const ParallelConfig& config);
/// The value of a field as typed data.
[[nodiscard]] FieldValue::Data value_data(const ConfigField& field, const ParallelConfig& config);

/// Stores the value of a field; returns the rule that the text breaks, empty if none.
[[nodiscard]] std::string read_value(const ConfigField& field, std::optional<std::string_view> text,
                                     ParallelConfig& config);

/// The word of a convention in texts.
[[nodiscard]] std::string_view convention_text(Convention convention);

/// Sorts diagnostics in the order of the fields; diagnostics of unknown fields come last.
void sort_by_field(std::vector<Diagnostic>& diagnostics);

}  // namespace rankmesh
