#include "problems.hpp"

namespace rankmesh::files {

void Problems::add(SourcePlace place, std::string rule) {
  if (diagnostics_.size() == most) {
    diagnostics_.push_back({.rule = "has more problems than these: the rest was not read",
                            .place = SourcePlace{.source = source_}});
    throw_if_any();
  }
  place.source = source_;
  diagnostics_.push_back({.rule = std::move(rule), .place = std::move(place)});
}

void Problems::throw_if_any() {
  if (diagnostics_.empty()) return;
  sort_by_place(diagnostics_);
  throw FileError(std::move(diagnostics_));
}

std::string Problems::place_text(SourcePlace place) const {
  place.source = source_;
  return place.text();
}

}  // namespace rankmesh::files
