#include "rankmesh/topology/parallel_config.hpp"

#include <algorithm>

#include "config/config_fields.hpp"
#include "config/rules.hpp"
#include "config/suggestions.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// A field without meaning in the convention must keep its default: ignoring the value would surprise the
/// caller.
void check_foreign_fields(const RuleSet& rules) {
  const ParallelConfig defaults;
  for (const ConfigField& field : config_fields()) {
    const auto& known = field.conventions;
    if (std::find(known.begin(), known.end(), rules.config.convention) != known.end()) continue;
    rules.apply({field.field}, [&] {
      const std::string value = value_text(field, rules.config);
      if (value == value_text(field, defaults)) return;
      std::vector<std::string_view> names;
      for (const Convention convention : known) names.push_back(convention_text(convention));
      rules.diagnostics.add(field.field, value,
                            "means nothing in the convention " +
                                std::string(convention_text(rules.config.convention)) + "; it belongs to " +
                                joined(names, ", "));
    });
  }
}

void check_convention(const RuleSet& rules) {
  switch (rules.config.convention) {
    case Convention::reference:
    case Convention::extended:
      check_reference(rules);
      break;
    case Convention::megatron_core:
      check_megatron_core(rules);
      break;
    case Convention::mesh:
      check_mesh(rules);
      break;
  }
  check_foreign_fields(rules);
  if (rules.config.convention != Convention::mesh) check_own_kinds(rules);
}

}  // namespace

std::vector<Diagnostic> broken_rules(const ParallelConfig& config, std::span<const std::string> unreadable) {
  Diagnostics diagnostics;
  const RuleSet rules(config, unreadable, diagnostics);
  check_lengths(rules);
  if (!diagnostics.empty()) return diagnostics.take();
  // Every other rule depends on the convention.
  rules.apply({"convention"}, [&] { check_convention(rules); });
  return diagnostics.take();
}

std::vector<Diagnostic> check_readable(const ParallelConfig& config,
                                       std::span<const std::string> unreadable) {
  std::vector<Diagnostic> result = broken_rules(config, unreadable);
  if (result.empty()) return result;
  add_suggestions(config, unreadable, result);
  sort_by_field(result);
  return result;
}

std::vector<Diagnostic> check(const ParallelConfig& config) {
  return check_readable(config, {});
}

}  // namespace rankmesh
