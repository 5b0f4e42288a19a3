#include "problems.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rankmesh::files {

void Problems::add(Place place, std::string text) {
  if (problems_.size() == most) {
    problems_.push_back({.source = source_, .text = "has more problems than these: the rest was not read"});
    throw_if_any();
  }
  problems_.push_back({source_, place.line, place.column, std::move(text)});
}

void Problems::throw_if_any() {
  if (problems_.empty()) return;
  const auto place = [](const Problem& p) {
    // What has no place comes last.
    return std::tuple(p.line == 0, p.line, p.column);
  };
  std::stable_sort(problems_.begin(), problems_.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
  throw FileError(std::move(problems_));
}

std::string Problems::place_text(Place place) const {
  return source_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

void refuse(std::string_view source, Place place, std::string text) {
  throw FileError({{std::string(source), place.line, place.column, std::move(text)}});
}

}  // namespace rankmesh::files
