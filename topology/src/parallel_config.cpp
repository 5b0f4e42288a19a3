#include "rankmesh/topology/parallel_config.hpp"

#include <algorithm>

#include "check_rules.hpp"
#include "config_fields.hpp"
#include "text.hpp"

namespace rankmesh {
namespace {

/// A field that the convention does not know would be ignored: somebody expects otherwise.
void check_foreign_fields(const ParallelConfig& config, Violations& violations) {
  const ParallelConfig defaults;
  for (const ConfigField& field : config_fields()) {
    const auto& known = field.conventions;
    if (std::find(known.begin(), known.end(), config.convention) != known.end()) continue;
    const std::string value = value_text(field, config);
    if (value == value_text(field, defaults)) continue;
    std::vector<std::string_view> names;
    for (const Convention convention : known) names.push_back(convention_text(convention));
    violations.add(field.field, value,
                   "means nothing in the convention " + std::string(convention_text(config.convention)) +
                       "; it belongs to " + joined(names, ", "));
  }
}

void sort_by_field(std::vector<Violation>& violations) {
  const auto place = [](const Violation& violation) {
    const auto fields = config_fields();
    return std::find_if(fields.begin(), fields.end(),
                        [&](const ConfigField& f) { return f.field == violation.field; }) -
           fields.begin();
  };
  std::stable_sort(violations.begin(), violations.end(),
                   [&](const Violation& a, const Violation& b) { return place(a) < place(b); });
}

}  // namespace

std::vector<Violation> check(const ParallelConfig& config) {
  Violations violations;
  switch (config.convention) {
    case Convention::reference:
    case Convention::extended:
      check_reference(config, violations);
      break;
    case Convention::megatron_core:
      check_megatron_core(config, violations);
      break;
    case Convention::mesh:
      check_mesh(config, violations);
      break;
  }
  check_foreign_fields(config, violations);
  std::vector<Violation> result = violations.take();
  sort_by_field(result);
  return result;
}

}  // namespace rankmesh
