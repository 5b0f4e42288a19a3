#include "rankmesh/topology/diagnostic.hpp"

#include <algorithm>
#include <tuple>

#include "rankmesh/topology/text.hpp"

namespace rankmesh {

std::string SourcePlace::text() const {
  return line == 0 ? source : source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

Phrase Phrase::field(std::string_view name) {
  Phrase phrase{std::string(name)};
  phrase.names_.push_back({0, name.size()});
  return phrase;
}

Phrase Phrase::field(std::string_view name, std::int64_t value) {
  return field(name) + (" = " + std::to_string(value));
}

bool Phrase::names(std::string_view field) const noexcept {
  return std::any_of(names_.begin(), names_.end(), [&](const Name& name) {
    return std::string_view(text_).substr(name.begin, name.length) == field;
  });
}

void Phrase::rename(std::string_view field, std::string_view word) {
  Phrase renamed;
  std::size_t end = 0;
  for (const Name& name : names_) {
    const std::string found = text_.substr(name.begin, name.length);
    renamed += text_.substr(end, name.begin - end);
    renamed += Phrase::field(found == field ? word : found);
    end = name.begin + name.length;
  }
  renamed += text_.substr(end);
  *this = std::move(renamed);
}

Phrase& Phrase::operator+=(const Phrase& other) {
  for (const Name& name : other.names_) names_.push_back({text_.size() + name.begin, name.length});
  text_ += other.text_;
  return *this;
}

std::string Diagnostic::text() const {
  if (field.empty()) return rule.text();
  std::string text = value.empty() ? field + " " + rule.text() : field + " = " + value + " " + rule.text();
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

void Diagnostics::add(std::string_view field, std::string value, Phrase rule,
                      std::vector<std::int64_t> nearest) {
  if (!known_.insert(std::string(field) + '\0' + value + '\0' + rule.text()).second) return;
  diagnostics_.push_back({std::string(field), std::move(value), std::move(rule), std::move(nearest)});
}

bool Diagnostics::has(std::string_view field) const {
  return std::any_of(diagnostics_.begin(), diagnostics_.end(),
                     [&](const Diagnostic& d) { return d.field == field; });
}

}  // namespace rankmesh
