#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh {

/// A field whose values have names, the default first.
template <typename Choice>
struct ChoiceField {
  Choice ParallelConfig::*member;
  std::span<const std::pair<std::string_view, Choice>> values;
};

using FieldAccess =
    std::variant<std::int64_t ParallelConfig::*, std::optional<std::int64_t> ParallelConfig::*,
                 bool ParallelConfig::*, std::string ParallelConfig::*,
                 std::vector<std::int64_t> ParallelConfig::*,
                 std::vector<std::vector<Axis>> ParallelConfig::*, std::vector<KindSpec> ParallelConfig::*,
                 ChoiceField<AmaxRule>, ChoiceField<VirtualPipelineRule>, ChoiceField<Convention>>;

/// One field of a configuration: how it is called in the one-line form and in the struct, and by which
/// conventions it is known.
struct ConfigField {
  std::string_view word;
  std::string_view field;
  FieldAccess access;
  std::span<const Convention> conventions;
};

/// Every field, in the order of declaration but for the convention, which comes before those it decides
/// about.
[[nodiscard]] std::span<const ConfigField> config_fields();

/// The value of a field as text: `none` where there is no value, `true` or `false` for a flag.
[[nodiscard]] std::string value_text(const ConfigField& field, const ParallelConfig& config);

/// Stores the value of a field; returns the rule that the text breaks, empty if none.
[[nodiscard]] std::string read_value(const ConfigField& field, std::optional<std::string_view> text,
                                     ParallelConfig& config);

/// What a convention is called in texts.
[[nodiscard]] std::string_view convention_text(Convention convention);

}  // namespace rankmesh
