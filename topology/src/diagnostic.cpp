#include "rankmesh/topology/diagnostic.hpp"

#include <algorithm>
#include <tuple>

#include "rankmesh/topology/text.hpp"

namespace rankmesh {

std::string SourcePlace::text() const {
  return line == 0 ? source : source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Diagnostic::text() const {
  if (field.empty()) return rule;
  std::string text = value.empty() ? field + " " + rule : field + " = " + value + " " + rule;
  std::vector<std::string> numbers;
  for (const std::int64_t number : nearest) numbers.push_back(std::to_string(number));
  return numbers.empty() ? text : text + "; nearest: " + joined(numbers, ", ");
}

std::string Diagnostic::message() const {
  return printable(place ? place->text() + ": " + text() : text());
}

void sort_by_place(std::vector<Diagnostic>& diagnostics) {
  const auto order = [](const Diagnostic& diagnostic) {
    const SourcePlace place = diagnostic.place.value_or(SourcePlace{});
    return std::tuple(place.line == 0, place.line, place.column);
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return order(a) < order(b); });
}

void Diagnostics::add(std::string_view field, std::string value, std::string rule,
                      std::vector<std::int64_t> nearest) {
  if (!known_.insert(std::string(field) + '\0' + value + '\0' + rule).second) return;
  diagnostics_.push_back({std::string(field), std::move(value), std::move(rule), std::move(nearest)});
}

bool Diagnostics::has(std::string_view field) const {
  return std::any_of(diagnostics_.begin(), diagnostics_.end(),
                     [&](const Diagnostic& d) { return d.field == field; });
}

}  // namespace rankmesh
