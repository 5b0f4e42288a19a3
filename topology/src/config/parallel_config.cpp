#include "rankmesh/topology/parallel_config.hpp"

#include <algorithm>

#include "config/config_fields.hpp"
#include "config/rules.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// A field that the convention does not know would be ignored: somebody expects otherwise.
void check_foreign_fields(const ParallelConfig& config, Diagnostics& diagnostics) {
  const ParallelConfig defaults;
  for (const ConfigField& field : config_fields()) {
    const auto& known = field.conventions;
    if (std::find(known.begin(), known.end(), config.convention) != known.end()) continue;
    const std::string value = value_text(field, config);
    if (value == value_text(field, defaults)) continue;
    std::vector<std::string_view> names;
    for (const Convention convention : known) names.push_back(convention_text(convention));
    diagnostics.add(field.field, value,
                    "means nothing in the convention " + std::string(convention_text(config.convention)) +
                        "; it belongs to " + joined(names, ", "));
  }
}

void sort_by_field(std::vector<Diagnostic>& diagnostics) {
  const auto place = [](const Diagnostic& diagnostic) {
    const auto fields = config_fields();
    return std::find_if(fields.begin(), fields.end(),
                        [&](const ConfigField& f) { return f.field == diagnostic.field; }) -
           fields.begin();
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

}  // namespace

std::vector<Diagnostic> check(const ParallelConfig& config) {
  Diagnostics diagnostics;
  switch (config.convention) {
    case Convention::reference:
    case Convention::extended:
      check_reference(config, diagnostics);
      break;
    case Convention::megatron_core:
      check_megatron_core(config, diagnostics);
      break;
    case Convention::mesh:
      check_mesh(config, diagnostics);
      break;
  }
  check_foreign_fields(config, diagnostics);
  std::vector<Diagnostic> result = diagnostics.take();
  sort_by_field(result);
  return result;
}

}  // namespace rankmesh
