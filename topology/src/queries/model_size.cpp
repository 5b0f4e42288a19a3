#include <limits>
#include <utility>
#include <variant>

#include "config/config_fields.hpp"
#include "config/divisors.hpp"
#include "config/rules.hpp"
#include "config/suggestions.hpp"
#include "rankmesh/topology/shard.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// The value of a field; nothing for an optional one that is not given.
std::optional<std::int64_t> value_of(const std::string& name, const ParallelConfig& config) {
  if (const ConfigField* field = find_field(name)) {
    const FieldValue::Data data = value_data(*field, config);
    if (std::holds_alternative<std::monostate>(data)) return std::nullopt;
    if (const auto* number = std::get_if<std::int64_t>(&data)) return *number;
  }
  throw RangeError(name + " is no number of a configuration");
}

/// The product of the parallel sizes; 0 if one is below 1.
std::int64_t parts_of(const ModelSize& size, const ParallelConfig& config) {
  std::int64_t parts = 1;
  for (const std::string& field : size.divided_by) {
    const std::int64_t value = value_of(field, config).value_or(1);
    if (value < 1) return 0;
    // More parts than any length has.
    if (value > std::numeric_limits<std::int64_t>::max() / parts)
      return std::numeric_limits<std::int64_t>::max();
    parts *= value;
  }
  return parts;
}

/// `pipeline = 4 times virtual_pipeline = 2`
Phrase parts_phrase(const ModelSize& size, const ParallelConfig& config) {
  std::vector<Phrase> factors;
  for (const std::string& field : size.divided_by) {
    const auto value = value_of(field, config);
    if (value && *value > 1) factors.push_back(Phrase::field(field, *value));
  }
  return factors.empty() ? Phrase::field(size.divided_by.front(), 1) : joined_phrases(factors, " times ");
}

}  // namespace

std::optional<Diagnostic> check_model_size(const ModelSize& size, const ParallelConfig& config) {
  const auto divides = [&](const ParallelConfig& other) {
    const std::int64_t parts = parts_of(size, other);
    return parts >= 1 && size.length % parts == 0;
  };
  if (size.length >= 1 && divides(config)) return std::nullopt;
  Diagnostic diagnostic{.field = size.field,
                        .value = std::to_string(size.length),
                        .rule = "is no positive multiple of " + parts_phrase(size, config)};
  if (size.length < 1) return diagnostic;
  // No model has a longer size, whose divisors would take too long to find.
  const std::vector<std::int64_t> divisors =
      size.length <= max_world_size ? divisors_of(size.length) : std::vector<std::int64_t>();
  std::vector<Phrase> remedies;
  for (const std::string& field : size.divided_by) {
    if (!value_of(field, config)) continue;
    const auto values = nearest_values(config, field, divisors, [&](const ParallelConfig& other) {
      return divides(other) && broken_rules(other, {}).empty();
    });
    if (!values.empty())
      remedies.push_back("take " + Phrase::field(field) + (" = " + joined(values, " or ")));
  }
  if (!remedies.empty()) diagnostic.rule += "; " + joined_phrases(remedies, ", or ");
  return diagnostic;
}

}  // namespace rankmesh
